// SPDX-License-Identifier: Apache-2.0
// Times single ops on a device. Each row is a program of one node, verified to be finite and not all zero before it is
// timed, then submitted again and again: warm-up, then as many repeats as fit the time, with a barrier at the end of
// each pass (its latency, not overlapped throughput). Short rows are several passes to a submission.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/runtime/context.hpp"
#include "engine/runtime/executor.hpp"

namespace lowtide::bench {

// What an op's multiply-adds are made of, which decides the ceiling they are compared with: matrices are cooperative
// ones, f16 x f16 -> f32; codes are counted bits.
enum class Arithmetic { f32, matrix_f16, codes };

struct OpBench {
  std::string name;  // "conv2d/forward/16x56x56x64/3x3x64"
  Arithmetic arithmetic = Arithmetic::f32;
  std::string network = {};                          // whose convolutions the row is one of; a filter may name it
  uint32_t plane_products = 1;                       // codes: one multiply-add of codes costs so many of bits
  std::function<Result<void>(graph::Graph&)> build;  // one node that reads constants; its output stays on the device
  // What the constants hold; without it numbers that suit the ops of the table.
  std::function<Result<void>(runtime::Executor&, const graph::Graph&)> write = {};
};

struct OpTiming {
  std::string name;
  Arithmetic arithmetic = Arithmetic::f32;
  double seconds = 0;  // median
  double best_seconds = 0;
  double best_processor_seconds = 0;  // of all threads of the process together; of use where the device is software
  double spread = 0;                  // (90th percentile - 10th percentile) / median
  uint32_t repeats = 0;
  double multiply_adds = 0;  // of one pass
  double bytes = 0;          // each operand once
  std::string kernels;       // names of the dispatched kernels
};

inline constexpr uint32_t kLabels = 10;  // a constant named "labels" holds words below

// The table of `lowtide bench`.
std::vector<OpBench> all_op_benches();
// Its part without convolutions and linear layers.
void add_small_op_benches(std::vector<OpBench>& out);

// `seconds`: time to spend on the row, warm-up included.
Result<OpTiming> time_op(runtime::Context& context, const OpBench& bench, double seconds, bool naive_only);

// The kernels that are chosen on this device and the naive ones, in turns, one pass each: what else the machine does
// happens to both.
struct OpRungs {
  OpTiming chosen;
  OpTiming naive;
};
Result<OpRungs> time_rungs(runtime::Context& context, const OpBench& bench, double seconds);

}  // namespace lowtide::bench
