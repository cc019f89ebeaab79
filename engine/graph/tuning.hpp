// SPDX-License-Identifier: Apache-2.0
// Tuning: which variant of an op's kernels to take for which node, in place of the op's own rules. Data alone:
// engine/tune measures it and keeps it in files.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/graph/graph.hpp"

namespace lowtide::graph {

// The readable kernels, which every op has.
inline constexpr std::string_view kNaiveVariant = "naive";

struct Tuning {
  std::map<std::string, std::string, std::less<>> by_op;    // a person's word: op -> variant, before by_node
  std::map<std::string, std::string, std::less<>> by_node;  // measured: node_signature -> variant
  // by_node only for ops whose variants give the same bits (OpInfo::is_exact), so that no result changes.
  bool exact_only = false;

  bool is_empty() const { return by_op.empty() && by_node.empty(); }
  // The variant for a node; empty: the rules decide.
  std::string_view variant_for(const Node& node, const Graph& graph) const;
};

// What a node's speed depends on: "conv2d(stride_h=1 ...) f32[1, 8, 8, 16] f32[...] -> f32[...]".
std::string node_signature(const Node& node, const Graph& graph);

}  // namespace lowtide::graph
