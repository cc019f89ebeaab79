// SPDX-License-Identifier: Apache-2.0
// Times single ops on a device. Each row is a program of one node, verified to be finite and not all zero before it is
// timed, then submitted again and again: warm-up, then as many repeats as fit the time, with a barrier at the end of
// each (latency of one pass, not overlapped throughput).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/runtime/context.hpp"

namespace lowtide::bench {

// What an op's multiply-adds are made of, which decides the ceiling they are compared with.
enum class Arithmetic { f32, codes };

struct OpBench {
  std::string name;  // "conv2d/forward/16x56x56x64/3x3x64"
  Arithmetic arithmetic = Arithmetic::f32;
  uint32_t plane_products = 1;                       // codes: one multiply-add of codes costs so many of bits
  std::function<Result<void>(graph::Graph&)> build;  // one node that reads constants; its output stays on the device
};

struct OpTiming {
  std::string name;
  Arithmetic arithmetic = Arithmetic::f32;
  double seconds = 0;  // median
  double best_seconds = 0;
  double spread = 0;  // (90th percentile - 10th percentile) / median
  uint32_t repeats = 0;
  double multiply_adds = 0;  // of one pass
  double bytes = 0;          // each operand once
  std::string kernels;       // names of the dispatched kernels
};

// The table of `lowtide bench`.
std::vector<OpBench> all_op_benches();

// `seconds`: time to spend on the row, warm-up included.
Result<OpTiming> time_op(runtime::Context& context, const OpBench& bench, double seconds, bool naive_only);

}  // namespace lowtide::bench
