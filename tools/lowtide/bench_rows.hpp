// SPDX-License-Identifier: Apache-2.0
// Rows of `lowtide bench`: an op's time, its rate, and the share of the device's ceiling.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"
#include "tools/bench/op_bench.hpp"

namespace lowtide::program {

// The ceilings of one run, per second. On a software driver a native loop's on the same cores, the best of many looks;
// on a GPU those of kernels that do nothing else, measured once.
struct Peaks {
  double fma = 0;       // f32 multiply-adds
  double matrix = 0;    // multiply-adds of cooperative matrices, f16 x f16 -> f32; 0: the device has none
  double popcount = 0;  // 32-bit words
  std::string source;   // "a native loop (AVX2, FMA) on the same cores in this run"

  // To be called before each row.
  Result<void> measure(runtime::Context& context);
  std::string describe() const;
};

struct Row {
  bench::OpTiming timing;
  double rate = 0;              // multiply-adds per second, by the best pass
  std::optional<double> share;  // of the ceiling of its arithmetic; for packed ops 32 multiply-adds a counted word
};

Row make_row(bench::OpTiming timing, const Peaks& peaks);
void print_row_heads(const char* first);
void print_row(const Row& row);
// A table with heads; a row's name, device and driver first.
std::string rows_csv(const std::vector<Row>& rows, const runtime::Context& context);

}  // namespace lowtide::program
