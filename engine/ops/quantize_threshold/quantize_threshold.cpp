// SPDX-License-Identifier: Apache-2.0
// quantize_threshold: shape, gradient and lowering. Element-wise; the gradient needs x again, not the levels.
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/quantize_threshold/bits_rule.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/quantize_threshold.hpp"
#include "shaders/quantize_threshold/quantize_threshold.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = QuantizeThresholdOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"window", offsetof(Params, window), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Result<void> expect_scale(const Graph& graph, ValueId scale) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, scale, DType::f32, "the scale of levels"));
  return expect_rank(graph, scale, 0, "the scale of levels");
}

Result<void> expect_params(const Node& node) {
  const auto params = node.params<Params>();
  LOWTIDE_TRY_VOID(expect_threshold_bits(node, params.bits));
  if (params.window > 0) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the window of a quantiser must be positive, but is {}", params.window));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 2 || node.inputs.size() == 3, "quantize_threshold takes 2 or 3 inputs");
  LOWTIDE_TRY_VOID(expect_params(node));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of a quantiser"));
  LOWTIDE_TRY_VOID(expect_thresholds(graph, node.in(1), node.params<Params>().bits));
  if (node.inputs.size() == 3) LOWTIDE_TRY_VOID(expect_scale(graph, node.in(2)));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 2 || node.inputs.size() == 3, "the gradient takes 2 or 3 inputs");
  LOWTIDE_TRY_VOID(expect_params(node));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.inputs.back(), "x and the gradient of its levels"));
  if (node.inputs.size() == 3) LOWTIDE_TRY_VOID(expect_scale(graph, node.in(1)));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  std::vector<ValueId> inputs = {node.in(0)};
  if (node.inputs.size() == 3) inputs.push_back(node.in(2));
  inputs.push_back(builder.gradient(node.out()));
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kQuantizeThresholdBackwardInputOp,
                                           node.name + "/backward_input", node.params<Params>(), std::move(inputs)));
  return builder.accumulate(node.in(0), dx);
}

shaders::QuantizeThresholdParams kernel_params(const Node& node, const Grid& grid) {
  const auto params = node.params<Params>();
  return {.count = grid.count,
          .stride = grid.stride,
          .bits = params.bits,
          .is_rounded = params.is_rounded,
          .has_scale = node.inputs.size() == 3 ? 1u : 0u,
          .window = params.window,
          .inverse_step = 1.0f / threshold_step(params.bits)};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.thresholds = node.in(1);
    kernel.scale = node.inputs.back();  // without a scale: thresholds, which the kernel then does not read as one
    kernel.levels = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  const uint32_t bits = node.params<Params>().bits;
  if (target.naive_only) {
    add(kernels::quantize_threshold_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::quantize_threshold_forward_vec4{.spec = {.bits = bits}});
  } else {
    add(kernels::quantize_threshold_forward{.spec = {.bits = bits}});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.scale = node.in(node.inputs.size() - 2);  // without a scale: x, which the kernel then does not read as one
    kernel.dlevels = node.inputs.back();
    kernel.dx = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  if (target.naive_only) {
    add(kernels::quantize_threshold_backward_input_naive{});
  } else if (grid.is_vec4) {
    add(kernels::quantize_threshold_backward_input_vec4{});
  } else {
    add(kernels::quantize_threshold_backward_input{});
  }
  return {};
}

}  // namespace

Result<void> expect_threshold_bits(const Node& node, uint32_t bits) {
  if (quant::has_bits(quant::ActivationKind::shift, bits)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' quantises to {} bits, but thresholds are for {} to {}; one bit has quantize_sign",
                          node.name, bits, quant::kMinShiftBits, quant::kMaxShiftBits));
}

Result<void> expect_thresholds(const Graph& graph, ValueId thresholds, uint32_t bits) {
  const TensorDesc wanted = f32_desc(Shape{quant::shift_magnitudes(bits)});
  if (graph.desc(thresholds) == wanted) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the thresholds of {} bits must be {}, but '{}' is {}", bits, to_string(wanted),
                          graph.value(thresholds).name, to_string(graph.desc(thresholds))));
}

const graph::OpInfo kQuantizeThresholdOp = {.name = "quantize_threshold",
                                            .fields = kFields,
                                            .param_bytes = sizeof(Params),
                                            .infer = infer_forward,
                                            .differentiate = differentiate,
                                            .lower = lower_forward};

const graph::OpInfo kQuantizeThresholdBackwardInputOp = {.name = "quantize_threshold_backward_input",
                                                         .fields = kFields,
                                                         .param_bytes = sizeof(Params),
                                                         .infer = infer_backward,
                                                         .lower = lower_backward};

Result<ValueId> quantize_threshold(Graph& graph, std::string name, ValueId x, ValueId thresholds, const Params& params,
                                   ValueId scale) {
  std::vector<ValueId> inputs = {x, thresholds};
  if (scale.is_valid()) inputs.push_back(scale);
  return append_one(graph, kQuantizeThresholdOp, std::move(name), params, std::move(inputs));
}

}  // namespace lowtide::ops
