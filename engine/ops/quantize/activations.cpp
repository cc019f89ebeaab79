// SPDX-License-Identifier: Apache-2.0
// quantize_activations: shape, gradient and lowering. Element-wise; the gradient needs x again, not the levels.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/quantize/bits_rule.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/quantize.hpp"
#include "shaders/quantize/quantize.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = QuantizeActivationsOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_bits(node, node.params<Params>().bits, 1));
  return infer_like_input(node, graph);
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  return infer_like_equal_inputs(node, graph);
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dlevels = builder.gradient(node.out());
  LOWTIDE_TRY(const ValueId dx,
              append_one(builder.graph(), kQuantizeActivationsBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), dlevels}));
  return builder.accumulate(node.in(0), dx);
}

shaders::QuantizeParams kernel_params(const Node& node, const Graph& graph) {
  const auto params = node.params<Params>();
  return {.count = narrow<uint32_t>(graph.desc(node.out()).element_count()),
          .bits = params.bits,
          .is_rounded = params.is_rounded};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto params = kernel_params(node, graph);
  const kernels::quantize_activations_forward kernel{.x = node.in(0), .levels = node.out()};
  out.add(kernel, params, groups_for(params.count, kernel.local_size));
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto params = kernel_params(node, graph);
  const kernels::quantize_activations_backward_input kernel{.x = node.in(0), .dlevels = node.in(1), .dx = node.out()};
  out.add(kernel, params, groups_for(params.count, kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeActivationsOp = {.name = "quantize_activations",
                                              .fields = kFields,
                                              .param_bytes = sizeof(Params),
                                              .infer = infer_forward,
                                              .differentiate = differentiate,
                                              .lower = lower_forward};

const graph::OpInfo kQuantizeActivationsBackwardInputOp = {.name = "quantize_activations_backward_input",
                                                           .fields = kFields,
                                                           .param_bytes = sizeof(Params),
                                                           .infer = infer_backward,
                                                           .lower = lower_backward};

Result<ValueId> quantize_activations(Graph& graph, std::string name, ValueId x, uint32_t bits) {
  return append_one(graph, kQuantizeActivationsOp, std::move(name), Params{.bits = bits}, {x});
}

}  // namespace lowtide::ops
