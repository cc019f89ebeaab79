// SPDX-License-Identifier: Apache-2.0
// quantize_weights: DoReFa levels from latent weights and their largest magnitude; and the builder that puts a whole
// weight quantiser together.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

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
using Params = QuantizeWeightsOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

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

Descs infer_backward_maximum(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(infer_backward_input(node, graph));
  return std::vector{f32_desc(Shape{})};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const std::vector<ValueId> inputs = {node.in(0), node.in(1), builder.gradient(node.out())};
  const auto params = node.params<Params>();
  if (builder.needs_gradient(node.in(1))) {
    LOWTIDE_TRY(const ValueId dmax, append_one(builder.graph(), kQuantizeWeightsBackwardMaximumOp,
                                               node.name + "/backward_maximum", params, inputs));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(1), dmax));
  }
  LOWTIDE_TRY(const ValueId dw, append_one(builder.graph(), kQuantizeWeightsBackwardInputOp,
                                           node.name + "/backward_input", params, inputs));
  return builder.accumulate(node.in(0), dw);
}

shaders::QuantizeParams kernel_params(const Node& node, const Graph& graph) {
  const auto params = node.params<Params>();
  return {.count = narrow<uint32_t>(graph.desc(node.in(0)).element_count()),
          .bits = params.bits,
          .is_rounded = params.is_rounded};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto params = kernel_params(node, graph);
  const kernels::quantize_weights_forward kernel{.w = node.in(0), .max_abs = node.in(1), .levels = node.out()};
  out.add(kernel, params, groups_for(params.count, kernel.local_size));
  return {};
}

Result<void> lower_backward_input(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto params = kernel_params(node, graph);
  const kernels::quantize_weights_backward_input kernel{
      .w = node.in(0), .max_abs = node.in(1), .dlevels = node.in(2), .dw = node.out()};
  out.add(kernel, params, groups_for(params.count, kernel.local_size));
  return {};
}

Result<void> lower_backward_maximum(const Node& node, const Graph& graph, const LowerTarget& target,
                                    DispatchList& out) {
  constexpr uint32_t kMinChunk = 4096;
  constexpr uint32_t kMaxChunks = 128;
  const uint32_t count = narrow<uint32_t>(graph.desc(node.in(0)).element_count());
  const uint32_t chunk = target.naive_only ? std::max(1u, count) : std::max(kMinChunk, ceil_div(count, kMaxChunks));
  const uint32_t chunks = ceil_div(count, chunk);
  const uint32_t bits = node.params<Params>().bits;
  const ValueId partial = out.scratch(uint64_t{chunks} * 4);
  out.add(kernels::quantize_weights_backward_input_maximum{.w = node.in(0), .dlevels = node.in(2), .partial = partial},
          shaders::QuantizeMaximumGradientParams{.count = count, .chunk_length = chunk, .bits = bits},
          Groups{chunks, 1, 1});
  out.add(
      kernels::quantize_weights_backward_input_maximum_final{
          .partial = partial, .max_abs = node.in(1), .dmax_abs = node.out()},
      shaders::QuantizeMaximumGradientParams{.count = chunks, .chunk_length = chunks, .bits = bits}, Groups{});
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
  if (bits >= lowest && bits <= quant::kMaxBits) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' quantises to {} bits, but {} knows {} to {}", node.name,
                                                       bits, node.op->name, lowest, quant::kMaxBits));
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

const graph::OpInfo kQuantizeWeightsBackwardMaximumOp = {.name = "quantize_weights_backward_maximum",
                                                         .fields = kFields,
                                                         .param_bytes = sizeof(Params),
                                                         .infer = infer_backward_maximum,
                                                         .lower = lower_backward_maximum};

Result<QuantizedWeights> quantize_weights(Graph& graph, const std::string& name, ValueId w, const WeightQuantizer& q) {
  if (q.kind == WeightQuantizer::Kind::sign && q.bits != 1) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': a sign quantiser has one bit, not {}; use dorefa for more", name, q.bits));
  }
  if (q.bits == 1) return quantize_signs(graph, name, w, q);
  QuantizedWeights out;
  LOWTIDE_TRY(const ValueId max_abs,
              magnitude(graph, name + "/maximum", w, {.magnitude = Magnitude::max}, q.detach_maximum));
  LOWTIDE_TRY(out.levels, append_one(graph, kQuantizeWeightsOp, name, Params{.bits = q.bits}, {w, max_abs}));
  out.step = quant::level_step(q.bits);
  return out;
}

}  // namespace lowtide::ops
