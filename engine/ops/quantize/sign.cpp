// SPDX-License-Identifier: Apache-2.0
// quantize_sign: shape, gradient and lowering, for activations and weights. Rules other than `clipped` have a second
// input, the scale; no gradient goes to it from here.
#include <cmath>
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
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
using Params = QuantizeSignOpParams;

constexpr graph::ParamField kFields[] = {{"rule", offsetof(Params, rule), FieldType::u32},
                                         {"window", offsetof(Params, window), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

bool has_scale(const Params& params) {
  return params.rule != SignRule::clipped;
}

// The scale has one element for all of x, or one for each first index.
Result<void> expect_scale(const Graph& graph, ValueId x, ValueId scale) {
  const TensorDesc& desc = graph.desc(scale);
  const Shape& shape = graph.desc(x).shape;
  if (desc == f32_desc(Shape{}) || (shape.rank() > 0 && desc == f32_desc(Shape{shape[0]}))) return {};
  return fail(ErrorCode::invalid_argument, "the scale of a sign quantiser must be f32[] or hold one f32 for each " +
                                               ("output channel of '" + graph.value(x).name + "', but it is ") +
                                               to_string(desc));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  const auto params = node.params<Params>();
  check_input_count(node, has_scale(params) ? 2 : 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of a sign quantiser"));
  if (has_scale(params)) LOWTIDE_TRY_VOID(expect_scale(graph, node.in(0), node.in(1)));
  if (!(params.window > 0)) return fail(ErrorCode::invalid_argument, "the window of a sign quantiser must be positive");
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  const bool scaled = has_scale(node.params<Params>());
  check_input_count(node, scaled ? 3 : 2);
  if (scaled) LOWTIDE_TRY_VOID(expect_scale(graph, node.in(0), node.in(1)));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.inputs.back(), "x and the gradient of its levels"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  std::vector<ValueId> inputs = node.inputs;
  inputs.push_back(builder.gradient(node.out()));
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kQuantizeSignBackwardInputOp, node.name + "/backward_input",
                                           node.params<Params>(), std::move(inputs)));
  return builder.accumulate(node.in(0), dx);
}

uint32_t scale_count(const Node& node, const Graph& graph) {
  return has_scale(node.params<Params>()) ? narrow<uint32_t>(graph.desc(node.in(1)).element_count()) : 1;
}

Grid grid_of(const Node& node, const Graph& graph, const LowerTarget& target) {
  const Shape& shape = graph.desc(node.out()).shape;
  return vec4_grid(shape, shape.element_count() / scale_count(node, graph), target);
}

shaders::QuantizeSignParams kernel_params(const Node& node, const Graph& graph, const Grid& grid) {
  const auto params = node.params<Params>();
  const uint32_t scales = scale_count(node, graph);
  return {.count = grid.count,
          .stride = grid.stride,
          .row_items = grid.count / scales,
          .row_length = narrow<uint32_t>(graph.desc(node.out()).element_count()) / scales,
          .window = params.window,
          .is_rounded = params.is_rounded,
          .rule = static_cast<uint32_t>(params.rule)};
}

// Where there is no scale the binding gets x, which the kernel then does not read as a scale.
ValueId scale_binding(const Node& node) {
  return has_scale(node.params<Params>()) ? node.in(1) : node.in(0);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(node, graph, target);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.scale = scale_binding(node);
    kernel.levels = node.out();
    out.add(kernel, kernel_params(node, graph, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::quantize_sign_forward_vec4{});
  } else {
    add(kernels::quantize_sign_forward_naive{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(node, graph, target);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.scale = scale_binding(node);
    kernel.dlevels = node.inputs.back();
    kernel.dx = node.out();
    out.add(kernel, kernel_params(node, graph, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::quantize_sign_backward_input_vec4{});
  } else {
    add(kernels::quantize_sign_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeSignOp = {.name = "quantize_sign",
                                       .fields = kFields,
                                       .param_bytes = sizeof(Params),
                                       .infer = infer_forward,
                                       .differentiate = differentiate,
                                       .lower = lower_forward};

const graph::OpInfo kQuantizeSignBackwardInputOp = {.name = "quantize_sign_backward_input",
                                                    .fields = kFields,
                                                    .param_bytes = sizeof(Params),
                                                    .infer = infer_backward,
                                                    .lower = lower_backward};

Result<ValueId> quantize_activation_signs(Graph& graph, std::string name, ValueId x, float window) {
  return append_one(graph, kQuantizeSignOp, std::move(name), Params{.window = window}, {x});
}

}  // namespace lowtide::ops
