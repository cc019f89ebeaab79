// SPDX-License-Identifier: Apache-2.0
// Constants by the node that reads them first.
#include "engine/model/layer_sizes.hpp"

#include <bit>
#include <optional>
#include <set>

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"

namespace lowtide::model {
namespace {

using graph::Graph;
using graph::Node;

ops::PackedConv2dOpParams packed_params(const Node& node) {
  if (node.op == &ops::kPackedConv2dOp) return node.params<ops::PackedConv2dOpParams>();
  return ops::as_convolution(node.params<ops::PackedLinearOpParams>());
}

bool has_weights(const Node& node) {
  const std::string_view op = node.op->name;
  return op == "conv2d" || op == "linear" || op == "tap_conv2d" || op == "packed_conv2d" || op == "packed_linear";
}

// Of a table i32 [rows, k]: k directions of one bit, and rows - 1 thresholds that an accumulator can tell apart.
uint64_t range_bits(const Node& node, const Graph& graph, const quant::PackedWeightExtents& w, const Shape& table) {
  const ops::PackedConv2dOpParams p = packed_params(node);
  const uint64_t most = uint64_t{w.run_bits()} * quant::max_level(p.weight, w.bits) *
                        quant::max_level(p.activation, planes_of(graph.desc(node.in(0)).dtype));
  return uint64_t{table[1]} * (1 + uint64_t{table[0] - 1} * static_cast<uint64_t>(std::bit_width(2 * most + 1)));
}

void add_constant(LayerSize& row, const Node& node, size_t input, const Graph& graph, const CodedWeights& coded,
                  uint64_t bytes) {
  const graph::Value& value = graph.value(node.in(input));
  const std::optional<quant::PackedWeightExtents> packed = ops::packed_weights(node, graph);
  row.file_bytes += bytes;
  if (input == 1 && has_weights(node)) {
    const auto codes = coded.find(value.name);
    row.weights = packed ? uint64_t{packed->k} * packed->run_bits() : value.desc.element_count();
    row.weight_bits = packed ? packed->bits : codes == coded.end() ? 32 : codes->second.bits;
  } else if (packed && packed_params(node).output == ops::PackedOutput::codes) {
    row.threshold_bytes += bytes;
    row.threshold_range_bits += range_bits(node, graph, *packed, value.desc.shape);
  } else {
    row.other_bytes += bytes;
  }
}

}  // namespace

uint64_t data_bytes(const Safetensors& file) {
  if (file.tensors().empty()) return 0;
  const StoredTensor& last = file.tensors().back();
  return last.offset + last.bytes.size() - file.tensors().front().offset;
}

Result<std::vector<LayerSize>> layer_sizes(const PackedModel& model) {
  LOWTIDE_TRY(const Graph graph, model.make_graph(1));
  std::vector<LayerSize> rows;
  std::set<ValueId> known;
  for (const Node& node : graph.nodes()) {
    LayerSize row = {.name = node.name, .op = std::string(node.op->name)};
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.in(i);
      if (graph.value(id).role != graph::Role::constant || !known.insert(id).second) continue;
      add_constant(row, node, i, graph, model.coded(), model.constant(graph.value(id).name).size());
    }
    if (row.file_bytes > 0) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace lowtide::model
