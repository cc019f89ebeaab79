// SPDX-License-Identifier: Apache-2.0
// quantize_step: shape, gradient and lowering. Both gradients come from one node, because both read x and dlevels.
#include "engine/ops/quantize_step/quantize_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/quant/quantizer.hpp"
#include "gen/kernels/quantize_step.hpp"
#include "shaders/quantize_step/quantize_step.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = QuantizeStepOpParams;

constexpr graph::ParamField kFields[] = {{"levels", offsetof(Params, levels), FieldType::u32},
                                         {"bits", offsetof(Params, bits), FieldType::u32},
                                         {"rule", offsetof(Params, rule), FieldType::u32},
                                         {"gradient_scale", offsetof(Params, gradient_scale), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Result<void> expect_levels(const Node& node) {
  const auto params = node.params<Params>();
  const bool is_signed = params.levels == StepLevels::signed_levels;
  const uint32_t lowest = is_signed ? 2 : 1;
  const uint32_t highest = params.levels == StepLevels::signs ? 1 : quant::kMaxBits;
  if (params.bits < lowest || params.bits > highest) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' quantises to {} bits, but its levels have {} to {}",
                                                         node.name, params.bits, lowest, highest));
  }
  if (params.rule == StepRule::pact && params.levels != StepLevels::unsigned_levels) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' has PACT's rule, which is one of unsigned levels alone", node.name));
  }
  if (std::isfinite(params.gradient_scale)) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("the gradient scale of '{}' must be finite", node.name));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_levels(node));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of a quantiser"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(1), node.in(2), "a step and its inverse"));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(1), DType::f32, "a step"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(1), 0, "a step"));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(1), 0, "an inverse step"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(2), "x and the gradient of its levels"));
  return std::vector{graph.desc(node.in(0)), f32_desc(Shape{})};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const auto params = node.params<Params>();
  LOWTIDE_TRY(const Node* gradients,
              builder.graph().append(kQuantizeStepBackwardOp, node.name + "/backward_input", &params, sizeof(params),
                                     {node.in(0), node.in(2), builder.gradient(node.out())}));
  LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), gradients->out(0)));
  return builder.accumulate(node.in(1), gradients->out(1));
}

shaders::QuantizeStepParams kernel_params(const Node& node) {
  const auto params = node.params<Params>();
  return {.levels = static_cast<uint32_t>(params.levels),
          .bits = params.bits,
          .rule = static_cast<uint32_t>(params.rule),
          .is_rounded = params.is_rounded,
          .gradient_scale = params.gradient_scale};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  shaders::QuantizeStepParams params = kernel_params(node);
  params.count = grid.count;
  params.stride = grid.stride;
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.inverse_step = node.in(2);
    kernel.levels = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::quantize_step_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::quantize_step_forward_vec4{});
  } else {
    add(kernels::quantize_step_forward{});
  }
  return {};
}

void lower_backward_naive(const Node& node, shaders::QuantizeStepParams params, DispatchList& out) {
  const kernels::quantize_step_backward_input_naive input{
      .x = node.in(0), .inverse_step = node.in(1), .dlevels = node.in(2), .dx = node.out(0)};
  out.add(input, params, groups_for(params.count, input.local_size));
  out.add(
      kernels::quantize_step_backward_weight_naive{
          .x = node.in(0), .inverse_step = node.in(1), .dlevels = node.in(2), .dstep = node.out(1)},
      params, Groups{});
}

// Chunks of a function of the shape alone, so that the sum does not depend on the device.
Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  constexpr uint32_t kMinChunk = 1024, kMaxChunks = 1024;  // items
  const uint32_t elements = narrow<uint32_t>(graph.desc(node.in(0)).element_count());
  shaders::QuantizeStepParams params = kernel_params(node);
  params.count = elements;
  if (target.naive_only) {
    lower_backward_naive(node, params, out);
    return {};
  }
  const bool is_vec4 = elements % 4 == 0;
  if (is_vec4) params.count = elements / 4;
  params.stride = std::max(kMinChunk, ceil_div(params.count, kMaxChunks));
  const uint32_t chunks = ceil_div(params.count, params.stride);
  const ValueId partials = out.scratch(uint64_t{chunks} * 4);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.inverse_step = node.in(1);
    kernel.dlevels = node.in(2);
    kernel.dx = node.out(0);
    kernel.partials = partials;
    out.add(kernel, params, Groups{chunks, 1, 1});
  };
  if (is_vec4) {
    add(kernels::quantize_step_backward_input_partials_vec4{});
  } else {
    add(kernels::quantize_step_backward_input_partials{});
  }
  params.count = chunks;
  out.add(
      kernels::quantize_step_backward_weight_finish{
          .partials = partials, .inverse_step = node.in(1), .dstep = node.out(1)},
      params, Groups{});
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeStepOp = {.name = "quantize_step",
                                       .fields = kFields,
                                       .param_bytes = sizeof(Params),
                                       .infer = infer_forward,
                                       .differentiate = differentiate,
                                       .lower = lower_forward};

const graph::OpInfo kQuantizeStepBackwardOp = {.name = "quantize_step_backward",
                                               .fields = kFields,
                                               .param_bytes = sizeof(Params),
                                               .infer = infer_backward,
                                               .lower = lower_backward};

Result<ValueId> quantize_step(Graph& graph, std::string name, ValueId x, const LearnedStep& step,
                              const QuantizeStepOpParams& params) {
  return append_one(graph, kQuantizeStepOp, std::move(name), params, {x, step.step, step.inverse_step});
}

}  // namespace lowtide::ops
