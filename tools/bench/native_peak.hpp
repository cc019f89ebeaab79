// SPDX-License-Identifier: Apache-2.0
// Ceilings of the host's processor, for devices that are the host's processor: what a native loop reaches on all cores
// at once, in registers. Uses AVX-512 or AVX2 where the processor has them, else what the compiler makes of plain C++.
#pragma once

#include <string>

namespace lowtide::bench {

struct NativePeak {
  double fma_per_second = 0;       // f32 multiply-adds
  double popcount_per_second = 0;  // 32-bit words: xor, bit count, add
  std::string instructions;        // "AVX-512 + VPOPCNTDQ"
};

// Best of several short runs; about `seconds` altogether.
NativePeak measure_native_peak(double seconds);

}  // namespace lowtide::bench
