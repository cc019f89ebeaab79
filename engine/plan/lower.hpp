// SPDX-License-Identifier: Apache-2.0
// The driver of the lowering: asks every op for its dispatches, in node order.
#pragma once

#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/op_info.hpp"

namespace lowtide::plan {

// A value of the program beyond the graph's: scratch, counters or a table (which has contents) of one node.
struct ScratchValue {
  ValueId id;
  uint64_t bytes;
  NodeId node;
  bool is_counter;
  std::vector<uint32_t> contents;
};

struct Lowered {
  std::vector<Dispatch> dispatches;
  std::vector<NodeId> nodes;  // of each dispatch
  std::vector<ScratchValue> scratch;
  std::vector<NodeId> tuned;  // nodes whose kernels the tuning chose, in order
};

// The names of the variants that fit a node, in the order of the op's list; empty for an op without one. The naive
// kernels, which every op has, are not among them.
std::vector<std::string> fitting_variants(const graph::Node& node, const graph::Graph& graph,
                                          const graph::LowerTarget& target);

Result<Lowered> lower(const graph::Graph& graph, const graph::LowerTarget& target);

}  // namespace lowtide::plan
