// SPDX-License-Identifier: Apache-2.0
// Times the variants of a node's kernels on a device, on numbers without meaning, and tunes a graph node by node.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/tuning.hpp"
#include "engine/runtime/context.hpp"

namespace lowtide::tune {

struct VariantTime {
  std::string name;
  std::string kernels;     // of its dispatches
  double seconds = 0.0;    // the best of its passes
  uint32_t passes = 0;     // how many were timed
  bool is_right = true;    // its outputs are those of the rule's variant: bit for bit of exact ops, else closely
  std::string error = {};  // why the driver did not run it
};

struct NodeTimes {
  std::string node, signature;
  std::vector<VariantTime> variants;  // the rule's first
  size_t best = 0;                    // of variants: the one to take

  bool is_changed() const { return best != 0; }
};

// A variant replaces the rule's only where it takes at most so much of its time: less is noise.
inline constexpr double kWorthwhile = 0.97;

// Whether a node can be run alone: it writes fresh values, or running state, and reads no whole arena.
bool is_tunable(const graph::Node& node, const graph::Graph& graph);

// All variants that fit the node and differ in their dispatches, in turns, for about `seconds`, compilation included;
// one that falls behind is dropped early. Errors: those of planning and running the rule's variant.
Result<NodeTimes> measure_node(runtime::Context& context, const graph::Node& node, const graph::Graph& graph,
                               double seconds);

struct TuneOptions {
  double seconds = 30.0;                              // for all nodes together
  double seconds_per_node = 2.0;                      // at most
  bool exact_only = false;                            // only ops whose variants give the same bits
  std::function<void(const NodeTimes&)> report = {};  // called after each node
};

struct TuneResult {
  graph::Tuning tuning;   // by_node of everything that was measured and had a choice
  uint32_t measured = 0;  // distinct nodes
  uint32_t changed = 0;   // those where a variant beats the rule's
  uint32_t left = 0;      // those that no time was left for: the rules decide
};

// Distinct nodes in the order of their cost, so that time goes to where it pays.
Result<TuneResult> tune_graph(runtime::Context& context, const graph::Graph& graph, const TuneOptions& options);

}  // namespace lowtide::tune
