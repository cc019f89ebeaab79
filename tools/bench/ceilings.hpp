// SPDX-License-Identifier: Apache-2.0
// Ceilings of a device, measured on it by kernels that do nothing else (shaders/ceiling): what its arithmetic reaches
// in registers, what its memory copies, what a dispatch costs. Every kernel's output is compared with what the host
// computes, so a ceiling of something else cannot be measured.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"

namespace lowtide::bench {

struct Ceiling {
  std::string name;    // "fma_f32"
  std::string unit;    // "G multiply-adds/s"
  double value = 0;    // best, in that unit
  double median = 0;   // likewise
  double spread = 0;   // (90th percentile - 10th percentile) / median, of the times
  uint32_t count = 0;  // timed passes
};

// Rows of what the device has: fma_f32, fma_f16, popcount, integer_dot, matrix_f16, copy, dispatch, dispatch_barrier,
// submit. `seconds` for each. Errors: those of making and running programs; `numeric` for a wrong output.
Result<std::vector<Ceiling>> measure_ceilings(runtime::Context& context, double seconds);

// Operations per second of a row; 0 without that row.
double rate_of(const std::vector<Ceiling>& ceilings, const std::string& name);

}  // namespace lowtide::bench
