// SPDX-License-Identifier: Apache-2.0
// estimate: shape, gradient and lowering.
#include "engine/ops/estimate/estimate.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/estimate.hpp"
#include "shaders/estimate/estimate.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = EstimateOpParams;

constexpr graph::ParamField kFields[] = {{"rule", offsetof(Params, rule), FieldType::u32},
                                         {"step", offsetof(Params, step), FieldType::f32},
                                         {"window", offsetof(Params, window), FieldType::f32},
                                         {"scaling", offsetof(Params, scaling), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Descs infer(const Node& node, const Graph& graph, size_t input_count) {
  check_input_count(node, input_count);
  const auto params = node.params<Params>();
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of an estimator"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "x and its levels"));
  LOWTIDE_CHECK(graph.value(node.in(2)).role == graph::Role::step, "an estimator's third input is the step block");
  LOWTIDE_CHECK(params.rule <= EstimatorRule::ewgs, "an estimator has one of the rules");
  if (params.step > 0 && params.window > 0 && params.scaling >= 0) return std::vector{graph.desc(node.in(0))};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the step and the window of an estimator must be positive and its scaling not negative, but "
                          "they are {}, {} and {}",
                          params.step, params.window, params.scaling));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  return infer(node, graph, 3);
}

Descs infer_backward(const Node& node, const Graph& graph) {
  auto descs = infer(node, graph, 4);
  if (descs) LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(3), "x and dy"));
  return descs;
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx,
              append_one(builder.graph(), kEstimateBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), node.in(1), node.in(2), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dx);
}

shaders::EstimateParams kernel_params(const Node& node, const Grid& grid) {
  const auto params = node.params<Params>();
  return {.count = grid.count,
          .stride = grid.stride,
          .rule = static_cast<uint32_t>(params.rule),
          .is_rounded = params.is_rounded,
          .step = params.step,
          .inverse_step = 1.0f / params.step,
          .window = params.window,
          .scaling = params.scaling};
}

template <class Add, class Naive, class Vec4, class Scalar>
void add_variant(const Node& node, const Graph& graph, const LowerTarget& target, const Add& add, Naive naive,
                 Vec4 vec4, Scalar scalar) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto rule = static_cast<uint32_t>(node.params<Params>().rule);
  vec4.spec.rule = scalar.spec.rule = rule;
  if (target.naive_only) {
    add(naive, grid);
  } else if (grid.is_vec4) {
    add(vec4, grid);
  } else {
    add(scalar, grid);
  }
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto add = [&](auto kernel, const Grid& grid) {
    kernel.x = node.in(0);
    kernel.levels = node.in(1);
    kernel.step_block = node.in(2);
    kernel.y = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  add_variant(node, graph, target, add, kernels::estimate_forward_naive{}, kernels::estimate_forward_vec4{},
              kernels::estimate_forward{});
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto add = [&](auto kernel, const Grid& grid) {
    kernel.x = node.in(0);
    kernel.levels = node.in(1);
    kernel.step_block = node.in(2);
    kernel.dy = node.in(3);
    kernel.dx = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  add_variant(node, graph, target, add, kernels::estimate_backward_input_naive{},
              kernels::estimate_backward_input_vec4{}, kernels::estimate_backward_input{});
  return {};
}

}  // namespace

const graph::OpInfo kEstimateOp = {.name = "estimate",
                                   .fields = kFields,
                                   .param_bytes = sizeof(Params),
                                   .infer = infer_forward,
                                   .differentiate = differentiate,
                                   .lower = lower_forward};

const graph::OpInfo kEstimateBackwardInputOp = {.name = "estimate_backward_input",
                                                .fields = kFields,
                                                .param_bytes = sizeof(Params),
                                                .infer = infer_backward,
                                                .lower = lower_backward};

Result<ValueId> estimate(Graph& graph, std::string name, ValueId x, ValueId levels, const Params& params) {
  const ValueId step_block = graph.step_block();
  return append_one(graph, kEstimateOp, std::move(name), params, {x, levels, step_block});
}

}  // namespace lowtide::ops
