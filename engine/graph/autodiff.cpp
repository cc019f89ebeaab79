// SPDX-License-Identifier: Apache-2.0
// Differentiation in three passes: which values need a gradient (forwards), gradient nodes (backwards), parameters'
// gradients made persistent. Gradient nodes are appended after all forward nodes, so program order stays execution
// order.
#include "engine/graph/autodiff.hpp"

#include <fmt/format.h>

#include "engine/graph/op_info.hpp"

namespace lowtide::graph {

ValueId GradientBuilder::gradient(ValueId value) const {
  return value.index < gradients_.size() ? gradients_[value.index] : ValueId();
}

bool GradientBuilder::needs_gradient(ValueId value) const {
  return value.index < needed_.size() && needed_[value.index];
}

Result<void> GradientBuilder::accumulate(ValueId value, ValueId gradient) {
  LOWTIDE_CHECK(value.index < gradients_.size(), "a gradient for a value that is itself a gradient");
  LOWTIDE_CHECK(graph_.desc(value) == graph_.desc(gradient), "a gradient has the shape of its value");
  if (!needed_[value.index]) return {};
  ValueId& slot = gradients_[value.index];
  if (!slot.is_valid()) {
    slot = gradient;
    return {};
  }
  LOWTIDE_TRY(slot, ops_.add(graph_, "sum_of_gradients/" + graph_.value(value).name, slot, gradient));
  return {};
}

struct Differentiation {
  Graph& graph;
  const AutodiffOps& ops;
  GradientBuilder builder;
  size_t node_count;

  Differentiation(Graph& g, const AutodiffOps& o) : graph(g), ops(o), builder(g, o), node_count(g.nodes().size()) {
    builder.needed_.assign(g.values().size(), false);
    builder.gradients_.assign(g.values().size(), ValueId());
  }

  void mark_needed(std::span<const ValueId> also) {
    for (size_t i = 0; i < builder.needed_.size(); ++i) {
      const Value& value = graph.values()[i];
      if (value.role == Role::parameter && !value.is_whole_arena) builder.needed_[i] = true;
    }
    for (const ValueId id : also) builder.needed_[id.index] = true;
    for (const Node& node : graph.nodes()) {
      if (node.op->differentiate == nullptr) continue;
      bool any = false;
      for (const ValueId id : node.inputs) any = any || builder.needed_[id.index];
      if (!any) continue;
      for (const ValueId id : node.outputs) {
        if (graph.value(id).role == Role::activation || graph.value(id).role == Role::metric) {
          builder.needed_[id.index] = true;
        }
      }
    }
  }

  Result<void> seed(std::span<const ValueId> losses, std::span<const float> weights) {
    for (size_t i = 0; i < losses.size(); ++i) {
      if (graph.desc(losses[i]).element_count() != 1) {
        return fail(ErrorCode::invalid_argument, "a loss must be a scalar, but '" + graph.value(losses[i]).name +
                                                     "' is " + to_string(graph.desc(losses[i])));
      }
      LOWTIDE_TRY(const ValueId one,
                  ops.fill(graph, "loss_weight/" + graph.value(losses[i]).name, graph.desc(losses[i]), weights[i]));
      LOWTIDE_TRY_VOID(builder.accumulate(losses[i], one));
    }
    return {};
  }

  Result<void> walk() {
    for (size_t i = node_count; i-- > 0;) {
      const Node& node = graph.nodes()[i];
      if (node.op->differentiate == nullptr) continue;
      bool reached = false;
      for (const ValueId id : node.outputs) reached = reached || builder.gradient(id).is_valid();
      bool wanted = false;
      for (const ValueId id : node.inputs) wanted = wanted || builder.needs_gradient(id);
      if (reached && wanted) LOWTIDE_TRY_VOID(node.op->differentiate(node, builder));
    }
    return {};
  }

  // A gradient that is already claimed, or that is a view or not an activation, is copied first.
  Result<void> keep_parameter_gradients() {
    for (size_t i = 0; i < builder.gradients_.size(); ++i) {
      const ValueId parameter(static_cast<uint32_t>(i));
      ValueId gradient = builder.gradients_[i];
      if (!gradient.is_valid() || graph.value(parameter).role != Role::parameter) continue;
      const Value& value = graph.value(gradient);
      if (value.role != Role::activation || value.view_of.is_valid() || gradient.index < builder.gradients_.size()) {
        LOWTIDE_TRY(gradient, ops.copy(graph, "gradient_copy/" + graph.value(parameter).name, gradient));
        builder.gradients_[i] = gradient;
      }
      graph.make_gradient(gradient, parameter);
    }
    return {};
  }
};

Result<std::vector<ValueId>> differentiate(Graph& graph, std::span<const ValueId> losses,
                                           std::span<const float> weights, const AutodiffOps& ops,
                                           std::span<const ValueId> also) {
  LOWTIDE_CHECK(losses.size() == weights.size(), "one weight per loss");
  Differentiation pass(graph, ops);
  pass.mark_needed(also);
  LOWTIDE_TRY_VOID(pass.seed(losses, weights));
  LOWTIDE_TRY_VOID(pass.walk());
  LOWTIDE_TRY_VOID(pass.keep_parameter_gradients());
  std::vector<ValueId> out;
  for (const ValueId id : also) out.push_back(pass.builder.gradient(id));
  return out;
}

}  // namespace lowtide::graph
