// SPDX-License-Identifier: Apache-2.0
// Operand checks of packed layers.
#include "engine/ops/packed_conv2d/packed_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::Node;

const char* bits_of(quant::ActivationKind kind) {
  if (kind == quant::ActivationKind::signs) return "signs have one bit";
  return kind == quant::ActivationKind::shift ? "shift levels have 2 to 4" : "unsigned levels have 1 to 8";
}
const char* bits_of(quant::WeightKind kind) {
  if (kind == quant::WeightKind::odd_levels) return "1 to 8";
  return kind == quant::WeightKind::shift ? "2 to 4 of shift levels" : "2 to 8 of signed levels";
}

Result<void> expect_further(const Node& node, const Graph& graph, const PackedLayer& layer) {
  const PackedConv2dOpParams& params = layer.params;
  if (params.output == PackedOutput::codes) {
    if (!quant::has_bits(params.output_activation, params.output_bits)) {
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' gives codes of {} bits, but {}", node.name,
                                                           params.output_bits, bits_of(params.output_activation)));
    }
    const uint32_t rows = quant::threshold_rows(params.output_activation, params.output_bits);
    const TensorDesc wanted = {DType::i32, Shape{rows, layer.k}};
    if (graph.desc(node.in(2)) == wanted) return {};
    return fail(ErrorCode::invalid_argument, fmt::format("the thresholds of '{}' must be {}, but are {}", node.name,
                                                         to_string(wanted), to_string(graph.desc(node.in(2)))));
  }
  const bool is_by_tap = params.output == PackedOutput::tap_scaled;
  const TensorDesc wanted = f32_desc(Shape{is_by_tap ? params.kernel_h * params.kernel_w : layer.k});
  for (size_t i = 2; i < node.inputs.size(); ++i) {
    if (graph.desc(node.in(i)) == wanted) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} of '{}' must be {}, but one is {}", is_by_tap ? "tap scales" : "multiplier and offset",
                            node.name, to_string(wanted), to_string(graph.desc(node.in(i)))));
  }
  return {};
}

Result<void> expect_exact(const Node& node, const PackedLayer& layer) {
  const uint64_t levels = uint64_t{quant::max_level(layer.params.activation, layer.x_bits)} *
                          quant::max_level(layer.params.weight, layer.w_bits);
  const uint64_t taps = uint64_t{layer.params.kernel_h} * layer.params.kernel_w;
  const auto most = static_cast<uint64_t>(quant::kMaxAccumulator);
  const uint64_t terms = taps > most ? taps : taps * layer.group_c();
  if (taps > 0 && terms <= most && terms * levels <= most) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("'{}' sums {} products of up to {}: there must be some, and accumulators stay below 2^24; use "
                  "fewer bits",
                  node.name, terms, levels));
}

}  // namespace

uint32_t kernel_positions(uint64_t extent, uint64_t kernel, uint64_t stride, uint64_t pad, uint64_t dilation) {
  constexpr uint64_t kLimit = 1u << 15;
  if (kernel == 0 || stride == 0 || dilation == 0) return 0;
  if (extent > kLimit || kernel > kLimit || stride > kLimit || pad > kLimit || dilation > kLimit) return 0;
  const uint64_t span = dilation * (kernel - 1) + 1;
  if (extent + 2 * pad < span) return 0;
  return static_cast<uint32_t>((extent + 2 * pad - span) / stride + 1);
}

uint32_t linear_thresholds(PackedOutput output, quant::ActivationKind kind, uint32_t bits) {
  return output == PackedOutput::codes && bits <= 2 ? quant::level_count(kind, bits) - 1 : 0;
}

size_t further_input_count(PackedOutput output) {
  switch (output) {
    case PackedOutput::codes:
      return 1;
    case PackedOutput::affine:
      return 2;
    case PackedOutput::accumulator:
      return 0;
    case PackedOutput::tap_scaled:
      return 1;
  }
  return 0;
}

Result<PackedLayer> packed_layer(const Node& node, const Graph& graph, const PackedConv2dOpParams& params) {
  using quant::ActivationKind;
  if (params.output > PackedOutput::tap_scaled || params.activation > ActivationKind::shift ||
      params.output_activation > ActivationKind::shift || params.weight > quant::WeightKind::signed_levels) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' has an unknown kind of activation, weight or output", node.name));
  }
  const size_t inputs = 2 + further_input_count(params.output);
  if (node.inputs.size() != inputs) {  // a file may say so: output and inputs are read apart
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' has {} inputs, but output {} takes {}", node.name, node.inputs.size(),
                            static_cast<uint32_t>(params.output), inputs));
  }
  const TensorDesc& x = graph.desc(node.in(0));
  const TensorDesc& w = graph.desc(node.in(1));
  const uint32_t rank = x.shape.rank();
  if (!is_packed(x.dtype) || (rank != 2 && rank != 4)) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("'{}' needs packed activations [n, h, w, c] or [n, c], but x is {}", node.name, to_string(x)));
  }
  if (!quant::has_bits(params.activation, planes_of(x.dtype))) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': {}, but x is {}", node.name, bits_of(params.activation), to_string(x)));
  }
  PackedLayer layer = {.params = params, .n = x.shape[0], .c = x.shape.last(), .x_bits = planes_of(x.dtype)};
  if (rank == 4) {
    layer.h = x.shape[1];
    layer.w = x.shape[2];
  }
  layer.k = params.output_channels;
  layer.w_bits = params.weight_bits;
  if (params.groups == 0 || layer.c % params.groups != 0 || layer.k % params.groups != 0 || x.element_count() == 0 ||
      layer.k == 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': {} groups, x {} and {} output channels do not go together", node.name, params.groups,
                            to_string(x), layer.k));
  }
  if (!quant::has_bits(params.weight, layer.w_bits)) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' has weights of {} bits, but there are {}", node.name,
                                                         layer.w_bits, bits_of(params.weight)));
  }
  LOWTIDE_TRY_VOID(expect_exact(node, layer));
  const uint64_t words = layer.weights().words();
  if (w.dtype != DType::u32 || w.shape.rank() != 1 || w.shape[0] != words) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': weights {} should be u32[{}]: {} filters of {} taps and {} input channels, {} bits",
                            node.name, to_string(w), words, layer.k, layer.taps(), layer.group_c(), layer.w_bits));
  }
  LOWTIDE_TRY_VOID(expect_further(node, graph, layer));
  return layer;
}

Result<void> expect_addressable(const Node& node, const PackedLayer& layer) {
  constexpr uint64_t kLimit = uint64_t{1} << 31;
  const uint64_t x = uint64_t{layer.h} * layer.w * round_up(layer.c, 32u);
  const uint64_t y = uint64_t{layer.oh} * layer.ow * round_up(layer.k, 32u);
  if (!multiply_overflows(layer.n, std::max(x, y)) && layer.n * std::max(x, y) < kLimit) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' has 2^31 elements or more; use a smaller batch", node.name));
}

TensorDesc packed_output_desc(const PackedConv2dOpParams& params, Shape shape) {
  return {params.output == PackedOutput::codes ? packed_dtype(params.output_bits) : DType::f32, shape};
}

graph::Cost packed_layer_cost(const Node& node, const Graph& graph, const PackedLayer& layer) {
  graph::Cost cost = {.multiply_adds = layer.multiply_adds()};
  for (const ValueId id : node.inputs) cost.bytes += graph.desc(id).bytes();
  for (const ValueId id : node.outputs) cost.bytes += graph.desc(id).bytes();
  return cost;
}

}  // namespace lowtide::ops
