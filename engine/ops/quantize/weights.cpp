// SPDX-License-Identifier: Apache-2.0
// quantize_weights: DoReFa levels from latent weights and their largest magnitude; and the builder that puts a whole
// weight quantiser together.
#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/quantize/bits_rule.hpp"
#include "engine/ops/quantize/chunks.hpp"
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
using Params = QuantizeWeightsOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32},
                                         {"detach_maximum", offsetof(Params, detach_maximum), FieldType::u32}};

Result<void> expect_maximum(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "latent weights"));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(1), DType::f32, "the maximum of latent weights"));
  return expect_rank(graph, node.in(1), 0, "the maximum of latent weights");
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_bits(node, node.params<Params>().bits, 2));
  LOWTIDE_TRY_VOID(expect_maximum(node, graph));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward_input(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_maximum(node, graph));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(2), "weights and the gradient of their levels"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dw,
              append_one(builder.graph(), kQuantizeWeightsBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), node.in(1), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dw);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto params = node.params<Params>();
  const Shape& shape = graph.desc(node.in(0)).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const auto add = [&](auto kernel) {
    kernel.w = node.in(0);
    kernel.max_abs = node.in(1);
    kernel.levels = node.out();
    out.add(kernel,
            shaders::QuantizeParams{
                .count = grid.count, .stride = grid.stride, .bits = params.bits, .is_rounded = params.is_rounded},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::quantize_weights_forward_vec4{});
  } else {
    add(kernels::quantize_weights_forward_naive{});
  }
  return {};
}

// What the gradient through the maximum needs of all elements.
struct Sums {
  ValueId value;  // (sum of dlevels tanh(w), elements that attain the maximum) of each chunk
  uint32_t chunks = 0;
};

Sums lower_sums(const Node& node, uint32_t count, bool naive_only, DispatchList& out) {
  Chunks chunks = chunks_of(count);
  if (naive_only) chunks = {.is_vec4 = false, .items = count, .items_each = count, .count = 1};
  const ValueId sums = out.scratch(uint64_t{chunks.count} * 8);
  const auto add = [&](auto kernel) {
    kernel.w = node.in(0);
    kernel.max_abs = node.in(1);
    kernel.dlevels = node.in(2);
    kernel.sums = sums;
    out.add(kernel, shaders::QuantizeWeightsSumsParams{.count = chunks.items, .chunk_items = chunks.items_each},
            Groups{chunks.count, 1, 1});
  };
  if (naive_only) {
    add(kernels::quantize_weights_backward_input_sums_naive{});
  } else if (chunks.is_vec4) {
    add(kernels::quantize_weights_backward_input_sums_vec4{});
  } else {
    add(kernels::quantize_weights_backward_input_sums{});
  }
  return {sums, chunks.count};
}

Result<void> lower_backward_input(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto params = node.params<Params>();
  const Shape& shape = graph.desc(node.in(0)).shape;
  const bool is_attached = params.detach_maximum == 0;
  Sums sums = {.value = node.in(2), .chunks = 0};  // detached: the binding gets anything
  if (is_attached) sums = lower_sums(node, narrow<uint32_t>(shape.element_count()), target.naive_only, out);
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.w = node.in(0);
    kernel.max_abs = node.in(1);
    kernel.dlevels = node.in(2);
    kernel.sums = sums.value;
    kernel.dw = node.out();
    out.add(kernel,
            shaders::QuantizeWeightsGradientParams{
                .count = grid.count, .stride = grid.stride, .bits = params.bits, .chunks = sums.chunks},
            grid.groups);
  };
  if (target.naive_only) {
    add(kernels::quantize_weights_backward_input_naive{});
  } else if (grid.is_vec4) {
    kernels::quantize_weights_backward_input_vec4 kernel;
    kernel.spec.is_attached = is_attached ? 1 : 0;
    add(kernel);
  } else {
    kernels::quantize_weights_backward_input kernel;
    kernel.spec.is_attached = is_attached ? 1 : 0;
    add(kernel);
  }
  return {};
}

Result<ValueId> magnitude(Graph& graph, std::string name, ValueId w, QuantizeMagnitudeOpParams params, bool detached) {
  return append_one(graph, detached ? kQuantizeMagnitudeDetachedOp : kQuantizeMagnitudeOp, std::move(name), params,
                    {w});
}

// sign(w) and the mean magnitude.
Result<QuantizedWeights> quantize_signs(Graph& graph, const std::string& name, ValueId w, const WeightQuantizer& q) {
  using ScaleGradient = WeightQuantizer::ScaleGradient;
  const bool is_dorefa = q.kind == WeightQuantizer::Kind::dorefa;
  const bool detached = is_dorefa || q.scale_gradient != ScaleGradient::exact;
  const bool per_channel = !is_dorefa && q.per_channel;
  QuantizedWeights out;
  LOWTIDE_TRY(out.scale, magnitude(graph, name + "/scale", w,
                                   {.magnitude = Magnitude::mean, .per_channel = per_channel ? 1u : 0u}, detached));
  QuantizeSignOpParams params = {.rule = SignRule::clipped, .window = q.window};
  if (is_dorefa) params.rule = SignRule::real;
  if (!is_dorefa && q.scale_gradient == ScaleGradient::xnor_net) params.rule = SignRule::xnor_net;
  std::vector<ValueId> inputs = {w};
  if (params.rule != SignRule::clipped) inputs.push_back(out.scale);
  LOWTIDE_TRY(out.levels, append_one(graph, kQuantizeSignOp, name, params, std::move(inputs)));
  return out;
}

}  // namespace

Result<void> expect_bits(const Node& node, uint32_t bits, uint32_t lowest) {
  if (bits >= lowest && quant::has_level_bits(bits)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' quantises to {} bits, but {} knows {} to {}, and {}", node.name, bits, node.op->name,
                          lowest, quant::kMaxBits, quant::kWideBits));
}

const graph::OpInfo kQuantizeWeightsOp = {.name = "quantize_weights",
                                          .fields = kFields,
                                          .param_bytes = sizeof(Params),
                                          .infer = infer_forward,
                                          .differentiate = differentiate,
                                          .lower = lower_forward};

const graph::OpInfo kQuantizeWeightsBackwardInputOp = {.name = "quantize_weights_backward_input",
                                                       .fields = kFields,
                                                       .param_bytes = sizeof(Params),
                                                       .infer = infer_backward_input,
                                                       .lower = lower_backward_input};

Result<QuantizedWeights> quantize_weights(Graph& graph, const std::string& name, ValueId w, const WeightQuantizer& q) {
  if (q.kind == WeightQuantizer::Kind::sign && q.bits != 1) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': a sign quantiser has one bit, not {}; use dorefa for more", name, q.bits));
  }
  if (q.bits == 1) return quantize_signs(graph, name, w, q);
  QuantizedWeights out;
  // The gradient through the maximum is quantize_weights' own business.
  LOWTIDE_TRY(const ValueId max_abs, magnitude(graph, name + "/maximum", w, {.magnitude = Magnitude::max}, true));
  const Params params = {.bits = q.bits, .detach_maximum = q.detach_maximum ? 1u : 0u};
  LOWTIDE_TRY(out.levels, append_one(graph, kQuantizeWeightsOp, name, params, {w, max_abs}));
  out.step = quant::level_step(q.bits);
  return out;
}

}  // namespace lowtide::ops
