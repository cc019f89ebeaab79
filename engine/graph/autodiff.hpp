// SPDX-License-Identifier: Apache-2.0
// Reverse-mode differentiation: walks the nodes backwards and appends gradient nodes to the same graph. The gradient of
// a parameter becomes a value of the role `gradient`, which lives in the gradient arena at the parameter's offset.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/graph/graph.hpp"

namespace lowtide::graph {

// The small ops that differentiation itself needs; engine/ops supplies them (ops/autodiff_ops.hpp), so that graph knows
// no op.
struct AutodiffOps {
  Result<ValueId> (*fill)(Graph& graph, std::string name, TensorDesc desc, float value) = nullptr;
  Result<ValueId> (*add)(Graph& graph, std::string name, ValueId a, ValueId b) = nullptr;
  Result<ValueId> (*copy)(Graph& graph, std::string name, ValueId source) = nullptr;
};

// What a gradient rule sees.
class GradientBuilder {
 public:
  GradientBuilder(Graph& graph, const AutodiffOps& ops) : graph_(graph), ops_(ops) {}

  Graph& graph() { return graph_; }
  // dL/d(value), or an invalid id when nothing reached it. A rule is called only when one of the node's outputs has a
  // gradient.
  ValueId gradient(ValueId value) const;
  // Whether anything wants the gradient of this input (a parameter, or a value named in `also`, is behind it).
  bool needs_gradient(ValueId value) const;
  // Adds `gradient`, of the value's description, to dL/d(value).
  Result<void> accumulate(ValueId value, ValueId gradient);

 private:
  friend struct Differentiation;
  Graph& graph_;
  const AutodiffOps& ops_;
  std::vector<bool> needed_;        // by value index, for the values that existed at the start
  std::vector<ValueId> gradients_;  // likewise
};

// Appends the gradients of sum_i weights[i] * losses[i] (each loss an f32 scalar, shape []) for every parameter that a
// loss depends on and for the values of `also`. Returns dL/d(also[i]), invalid where no loss depends on it.
Result<std::vector<ValueId>> differentiate(Graph& graph, std::span<const ValueId> losses,
                                           std::span<const float> weights, const AutodiffOps& ops,
                                           std::span<const ValueId> also = {});

}  // namespace lowtide::graph
