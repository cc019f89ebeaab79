// SPDX-License-Identifier: Apache-2.0
// quantize_activations: shape, gradient and lowering. Element-wise; the gradient needs x again, not the levels.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
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

// `kernel`: without its params and groups, which follow from the node and the grid.
template <class Kernel>
void add_kernel(const Kernel& kernel, const Node& node, const Grid& grid, DispatchList& out) {
  const auto params = node.params<Params>();
  out.add(kernel,
          shaders::QuantizeParams{
              .count = grid.count, .stride = grid.stride, .bits = params.bits, .is_rounded = params.is_rounded},
          grid.groups);
}

Grid grid_of(const Node& node, const Graph& graph, const LowerTarget& target) {
  const Shape& shape = graph.desc(node.out()).shape;
  return vec4_grid(shape, shape.element_count(), target);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(node, graph, target);
  if (grid.is_vec4) {
    add_kernel(kernels::quantize_activations_forward_vec4{.x = node.in(0), .levels = node.out()}, node, grid, out);
  } else {
    add_kernel(kernels::quantize_activations_forward_naive{.x = node.in(0), .levels = node.out()}, node, grid, out);
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(node, graph, target);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dlevels = node.in(1);
    kernel.dx = node.out();
    add_kernel(kernel, node, grid, out);
  };
  if (grid.is_vec4) {
    add(kernels::quantize_activations_backward_input_vec4{});
  } else {
    add(kernels::quantize_activations_backward_input_naive{});
  }
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
