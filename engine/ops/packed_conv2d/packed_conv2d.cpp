// SPDX-License-Identifier: Apache-2.0
// packed_conv2d: shape rule. No gradient: training works on levels in f32.
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "engine/ops/packed_conv2d/packed_kernel.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = PackedConv2dOpParams;

constexpr graph::ParamField kFields[] = {{"activation", offsetof(Params, activation), FieldType::u32},
                                         {"weight", offsetof(Params, weight), FieldType::u32},
                                         {"weight_bits", offsetof(Params, weight_bits), FieldType::u32},
                                         {"output_channels", offsetof(Params, output_channels), FieldType::u32},
                                         {"output", offsetof(Params, output), FieldType::u32},
                                         {"output_activation", offsetof(Params, output_activation), FieldType::u32},
                                         {"output_bits", offsetof(Params, output_bits), FieldType::u32},
                                         {"output_scale", offsetof(Params, output_scale), FieldType::f32},
                                         {"kernel_h", offsetof(Params, kernel_h), FieldType::u32},
                                         {"kernel_w", offsetof(Params, kernel_w), FieldType::u32},
                                         {"stride_h", offsetof(Params, stride_h), FieldType::u32},
                                         {"stride_w", offsetof(Params, stride_w), FieldType::u32},
                                         {"pad_h", offsetof(Params, pad_h), FieldType::u32},
                                         {"pad_w", offsetof(Params, pad_w), FieldType::u32},
                                         {"dilation_h", offsetof(Params, dilation_h), FieldType::u32},
                                         {"dilation_w", offsetof(Params, dilation_w), FieldType::u32},
                                         {"groups", offsetof(Params, groups), FieldType::u32}};

Result<PackedLayer> layer_of(const Node& node, const Graph& graph, const Params& p) {
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "x of packed_conv2d"));
  LOWTIDE_TRY(PackedLayer layer, packed_layer(node, graph, p));
  layer.oh = kernel_positions(layer.h, p.kernel_h, p.stride_h, p.pad_h, p.dilation_h);
  layer.ow = kernel_positions(layer.w, p.kernel_w, p.stride_w, p.pad_w, p.dilation_w);
  if (layer.oh > 0 && layer.ow > 0) return layer;
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}': a {}x{} kernel with padding {}x{}, stride {}x{} and dilation {}x{} has no place on {}",
                          node.name, p.kernel_h, p.kernel_w, p.pad_h, p.pad_w, p.stride_h, p.stride_w, p.dilation_h,
                          p.dilation_w, to_string(graph.desc(node.in(0)))));
}

Result<PackedLayer> layer_of(const Node& node, const Graph& graph) {
  return layer_of(node, graph, node.params<Params>());
}

Descs infer(const Node& node, const Graph& graph) {
  LOWTIDE_TRY(const PackedLayer layer, layer_of(node, graph));
  LOWTIDE_TRY_VOID(expect_addressable(node, layer));
  return std::vector{packed_output_desc(layer.params, Shape{layer.n, layer.oh, layer.ow, layer.k})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  LOWTIDE_TRY(const PackedLayer layer, layer_of(node, graph));
  return lower_packed_layer(node, layer, target, out);
}

using ResidualParams = PackedConv2dResidualOpParams;
static_assert(offsetof(ResidualParams, conv) == 0);

// The layer as an affine packed_conv2d, whose checks are those of it.
Result<PackedLayer> residual_layer(const Node& node, const Graph& graph) {
  check_input_count(node, 5);
  Node conv = node;
  conv.inputs.pop_back();
  return layer_of(conv, graph, node.params<ResidualParams>().conv);
}

Descs infer_residual(const Node& node, const Graph& graph) {
  LOWTIDE_TRY(const PackedLayer layer, residual_layer(node, graph));
  LOWTIDE_TRY_VOID(expect_addressable(node, layer));
  const auto p = node.params<ResidualParams>();
  const TensorDesc y = f32_desc({layer.n, layer.oh, layer.ow, layer.k});
  if (layer.params.output == PackedOutput::affine && p.lo <= p.hi && graph.desc(node.in(4)) == y) {
    return std::vector{y, TensorDesc{packed_dtype(1), y.shape}};
  }
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("'{}' needs an affine output, a shortcut {} and bounds in order, but has output {}, {} and {} "
                  "to {}",
                  node.name, to_string(y), static_cast<uint32_t>(layer.params.output),
                  to_string(graph.desc(node.in(4))), p.lo, p.hi));
}

Result<void> lower_with_residual(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  LOWTIDE_TRY(const PackedLayer layer, residual_layer(node, graph));
  const auto p = node.params<ResidualParams>();
  lower_residual(node, layer, p.lo, p.hi, target, out);
  return {};
}

graph::Cost residual_cost(const Node& node, const Graph& graph) {
  const auto layer = residual_layer(node, graph);
  LOWTIDE_CHECK(layer.has_value(), "a node that was appended fits");
  return packed_layer_cost(node, graph, *layer);
}

graph::Cost cost(const Node& node, const Graph& graph) {
  const auto layer = layer_of(node, graph);
  LOWTIDE_CHECK(layer.has_value(), "a node that was appended fits");
  return packed_layer_cost(node, graph, *layer);
}

}  // namespace

const graph::OpInfo kPackedConv2dOp = {.name = "packed_conv2d",
                                       .fields = kFields,
                                       .param_bytes = sizeof(Params),
                                       .infer = infer,
                                       .lower = lower,
                                       .cost = cost,
                                       .is_exact = true};

constexpr auto kResidualFields = [] {
  std::array<graph::ParamField, std::size(kFields) + 2> fields = {};
  std::copy(std::begin(kFields), std::end(kFields), fields.begin());
  fields[std::size(kFields)] = {"lo", offsetof(ResidualParams, lo), FieldType::f32};
  fields[std::size(kFields) + 1] = {"hi", offsetof(ResidualParams, hi), FieldType::f32};
  return fields;
}();

const graph::OpInfo kPackedConv2dResidualOp = {.name = "packed_conv2d_residual",
                                               .fields = kResidualFields,
                                               .param_bytes = sizeof(ResidualParams),
                                               .infer = infer_residual,
                                               .lower = lower_with_residual,
                                               .cost = residual_cost};

bool fuses_residual(const Node& node, const Graph& graph, const LowerTarget& target) {
  const auto layer = layer_of(node, graph);
  return layer.has_value() && layer->params.output == PackedOutput::affine && !target.naive_only &&
         is_held(*layer, target);
}

Result<ValueId> packed_conv2d(Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedConv2dOpParams& params) {
  std::vector<ValueId> inputs = {x, w};
  inputs.insert(inputs.end(), further.begin(), further.end());
  return append_one(graph, kPackedConv2dOp, std::move(name), params, std::move(inputs));
}

}  // namespace lowtide::ops
