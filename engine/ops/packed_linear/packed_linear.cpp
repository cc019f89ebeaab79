// SPDX-License-Identifier: Apache-2.0
// packed_linear: shape rule; kernels are those of packed_conv2d, with a kernel as large as x and one output pixel.
#include "engine/ops/packed_linear/packed_linear.hpp"

#include <cstddef>

#include "engine/ops/packed_conv2d/packed_kernel.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = PackedLinearOpParams;

constexpr graph::ParamField kFields[] = {{"activation", offsetof(Params, activation), FieldType::u32},
                                         {"weight", offsetof(Params, weight), FieldType::u32},
                                         {"weight_bits", offsetof(Params, weight_bits), FieldType::u32},
                                         {"output_channels", offsetof(Params, output_channels), FieldType::u32},
                                         {"output", offsetof(Params, output), FieldType::u32},
                                         {"output_activation", offsetof(Params, output_activation), FieldType::u32},
                                         {"output_bits", offsetof(Params, output_bits), FieldType::u32},
                                         {"output_scale", offsetof(Params, output_scale), FieldType::f32}};

Result<PackedLayer> layer_of(const Node& node, const Graph& graph) {
  const auto p = node.params<Params>();
  const Shape& x = graph.desc(node.in(0)).shape;
  PackedConv2dOpParams conv = as_convolution(p);
  if (x.rank() == 4) {
    conv.kernel_h = x[1];
    conv.kernel_w = x[2];
  }
  return packed_layer(node, graph, conv);
}

Descs infer(const Node& node, const Graph& graph) {
  LOWTIDE_TRY(const PackedLayer layer, layer_of(node, graph));
  LOWTIDE_TRY_VOID(expect_addressable(node, layer));
  return std::vector{packed_output_desc(layer.params, Shape{layer.n, layer.k})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  LOWTIDE_TRY(const PackedLayer layer, layer_of(node, graph));
  return lower_packed_layer(node, layer, target, out);
}

graph::Cost cost(const Node& node, const Graph& graph) {
  const auto layer = layer_of(node, graph);
  LOWTIDE_CHECK(layer.has_value(), "a node that was appended fits");
  return packed_layer_cost(node, graph, *layer);
}

}  // namespace

PackedConv2dOpParams as_convolution(const PackedLinearOpParams& p) {
  return {.activation = p.activation,
          .weight = p.weight,
          .weight_bits = p.weight_bits,
          .output_channels = p.output_channels,
          .output = p.output,
          .output_activation = p.output_activation,
          .output_bits = p.output_bits,
          .output_scale = p.output_scale};
}

const graph::OpInfo kPackedLinearOp = {.name = "packed_linear",
                                       .fields = kFields,
                                       .param_bytes = sizeof(Params),
                                       .infer = infer,
                                       .lower = lower,
                                       .cost = cost,
                                       .is_exact = true};

std::optional<quant::PackedWeightExtents> packed_weights(const Node& node, const Graph& graph) {
  if (node.op != &kPackedConv2dOp && node.op != &kPackedLinearOp) return std::nullopt;
  const auto layer = node.op == &kPackedLinearOp ? layer_of(node, graph)
                                                 : packed_layer(node, graph, node.params<PackedConv2dOpParams>());
  LOWTIDE_CHECK(layer.has_value(), "a node that was appended fits");
  return layer->weights();
}

Result<ValueId> packed_linear(Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedLinearOpParams& params) {
  std::vector<ValueId> inputs = {x, w};
  inputs.insert(inputs.end(), further.begin(), further.end());
  return append_one(graph, kPackedLinearOp, std::move(name), params, std::move(inputs));
}

}  // namespace lowtide::ops
