// SPDX-License-Identifier: Apache-2.0
// The distinct ops of a graph as rows of a bench: every layer's shape, forward and backward, as a network really has
// them, each timed alone.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/graph.hpp"
#include "tools/bench/op_bench.hpp"

namespace lowtide::bench {

struct LayerBench {
  OpBench bench;                // named "<op>/<first node>"
  std::string op;               // "conv2d_backward_weight"
  std::string node;             // the first one of its kind
  uint32_t count = 0;           // nodes that are alike: op, parameters, shapes
  std::string inputs, outputs;  // "f32[128, 32, 32, 64] f32[64, 3, 3, 64]"
  std::string parameters;       // "stride_h=1 stride_w=1 ..."
};

// In the order of the graph; nodes that cannot run alone (whole arenas, views) are left out. `graph` must outlive the
// rows.
std::vector<LayerBench> layer_benches(const graph::Graph& graph);

}  // namespace lowtide::bench
