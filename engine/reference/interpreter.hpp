// SPDX-License-Identifier: Apache-2.0
// The CPU oracle: evaluates a graph node by node with one naive function per op, in double. Slow and plain on purpose.
// Every value is held as its logical elements in doubles, row-major: a packed value as its unsigned codes, u32 as exact
// integers. Parameters, gradients and moments lie in flat arenas as graph/parameter_blocks.hpp says, so whole-arena ops
// see them all.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/graph/op_info.hpp"
#include "shaders/lib/step_block.h"

namespace lowtide::reference {

// What a reference function sees of its node.
struct Operands {
  const graph::Node& node;
  const graph::Graph& graph;
  shaders::StepBlock step;                      // zero when the graph has no step block
  std::vector<std::span<const double>> inputs;  // in order; the step block itself is an empty span
  std::vector<std::span<double>> outputs;       // in order; outputs that are updated in place hold their old elements

  const TensorDesc& in_desc(size_t i) const { return graph.desc(node.in(i)); }
  const TensorDesc& out_desc(size_t i = 0) const { return graph.desc(node.out(i)); }
};

using Function = void (*)(const Operands& operands);

// The reference function of an op; nullptr when it has none. The table is in reference/table.cpp.
Function find_function(std::string_view op_name);

class Interpreter {
 public:
  explicit Interpreter(const graph::Graph& graph);

  // Elements of a value, for setting and reading. Everything starts as zero.
  std::span<double> elements(ValueId id);
  void set(ValueId id, std::span<const double> elements);
  void set_step(const shaders::StepBlock& step) { step_ = step; }

  // Evaluates every node in order; an op without a reference function is an error that names it.
  Result<void> evaluate();

 private:
  const graph::Graph& graph_;
  shaders::StepBlock step_ = {};
  std::array<std::vector<double>, 4> arenas_;  // parameter, gradient, moment0, moment1
  std::vector<std::vector<double>> own_;       // by value index, for all other values with storage of their own
};

}  // namespace lowtide::reference
