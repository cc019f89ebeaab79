// SPDX-License-Identifier: Apache-2.0
// Nodes that are alike are found by what they read and write; values keep their ids while nodes move.
#include "engine/ops/group.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "engine/ops/batch_norm/running_group.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize/weight_group.hpp"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

// An activation that can become a part of a joined value.
bool is_plain(const Graph& graph, ValueId id) {
  const graph::Value& value = graph.value(id);
  return value.role == Role::activation && !value.view_of.is_valid() && value.desc.dtype == DType::f32;
}

bool has_views(const Graph& graph, ValueId id) {
  return std::any_of(graph.values().begin(), graph.values().end(),
                     [&](const graph::Value& value) { return value.view_of == id; });
}

// The only node that writes a value; invalid where there are others.
NodeId only_writer(const Graph& graph, ValueId id) {
  NodeId writer;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const std::vector<ValueId>& outputs = graph.nodes()[i].outputs;
    if (std::find(outputs.begin(), outputs.end(), id) == outputs.end()) continue;
    if (writer.is_valid()) return {};
    writer = NodeId(narrow<uint32_t>(i));
  }
  return writer;
}

// One weight tensor with what its quantiser and the gradient of that read and write.
struct QuantizedTensor {
  ValueId w, maximum, levels, dlevels, dw;
};

bool is_own(const Graph& graph, ValueId id) {
  return is_plain(graph, id) && !has_views(graph, id) && only_writer(graph, id).is_valid();
}

// The gradient of the levels can be written where the parameter's gradient is to be, behind every reader of the levels,
// and no other node needs it or that gradient before.
bool takes_gradient(const Graph& graph, NodeId backward_id, const QuantizedTensor& tensor) {
  const Node& backward = graph.node(backward_id);
  const graph::Value& dw = graph.value(tensor.dw);
  if (backward.op != &kQuantizeWeightsBackwardInputOp || backward.in(0) != tensor.w || dw.role != Role::gradient ||
      dw.mirror != tensor.w || !graph.readers_of(tensor.dw).empty() || !is_own(graph, tensor.dlevels) ||
      graph.readers_of(tensor.dlevels).size() != 1) {
    return false;
  }
  const Node& writer = graph.node(only_writer(graph, tensor.dlevels));
  const std::vector<NodeId> readers = graph.readers_of(tensor.levels);
  const bool is_made_of_levels = std::any_of(writer.inputs.begin(), writer.inputs.end(), [&](ValueId id) {
    const NodeId producer = graph.value(id).producer;
    return producer.is_valid() && graph.node(producer).op == &kQuantizeWeightsOp;
  });
  return writer.outputs.size() == 1 && !is_made_of_levels && !readers.empty() && readers.back() < backward_id;
}

// Whether the node is a quantiser that a group can hold, its gradient included.
bool take_tensor(const Graph& graph, const Node& node, QuantizedTensor& tensor) {
  tensor = {.w = node.in(0), .maximum = node.in(1), .levels = node.out(), .dlevels = {}, .dw = {}};
  const bool fits = node.params<QuantizeWeightsOpParams>().is_rounded != 0 && fits_weight_group(graph, tensor.w) &&
                    is_own(graph, tensor.maximum) && is_own(graph, tensor.levels);
  if (!fits) return false;
  const Node& maximum = graph.node(only_writer(graph, tensor.maximum));
  const std::vector<NodeId> readers = graph.readers_of(tensor.maximum);  // this node and its gradient's
  if (maximum.op != &kQuantizeMagnitudeDetachedOp || maximum.in(0) != tensor.w || readers.size() != 2) return false;
  const Node& backward = graph.node(readers[1]);
  if (backward.inputs.size() != 3) return false;
  tensor.dlevels = backward.in(2);
  tensor.dw = backward.out();
  return takes_gradient(graph, readers[1], tensor);
}

using Tensors = std::vector<QuantizedTensor>;

// What makes the gradient of levels overwrites them.
void make_last(Graph& graph, const QuantizedTensor& tensor) {
  const std::vector<NodeId> readers = graph.readers_of(tensor.levels);
  const NodeId writer = graph.value(tensor.dlevels).producer;
  if (writer < readers.back()) graph.move_behind(writer, readers.back());
}

// Where the first of the single ops stood: parameters stay the same for the whole step. Returns the maxima.
Result<ValueId> replace_forward(Graph& graph, const QuantizeWeightGroupOpParams& params, const std::string& name,
                                const Tensors& tensors) {
  std::vector<NodeId> replaced;
  std::vector<ValueId> inputs = {graph.whole_arena(Role::parameter), graph.whole_arena(Role::gradient)};
  std::vector<ValueId> outputs = {ValueId()};
  for (const QuantizedTensor& tensor : tensors) {
    replaced.push_back(graph.value(tensor.maximum).producer);
    replaced.push_back(graph.value(tensor.levels).producer);
    inputs.push_back(tensor.w);
    outputs.push_back(tensor.levels);
  }
  std::sort(replaced.begin(), replaced.end());
  const NodeId first = replaced.front();
  LOWTIDE_TRY_VOID(graph.replace(replaced, first, kQuantizeWeightGroupOp, name, &params, sizeof params,
                                 std::move(inputs), std::move(outputs)));
  return graph.node(first).out(0);
}

// Where the last of the single ops stood: all gradients of levels are there.
Result<void> replace_backward(Graph& graph, const QuantizeWeightGroupOpParams& params, const std::string& name,
                              const Tensors& tensors, ValueId maxima) {
  std::vector<NodeId> replaced;
  std::vector<ValueId> inputs = {graph.whole_arena(Role::parameter), graph.whole_arena(Role::gradient), maxima};
  std::vector<ValueId> gradients;
  for (const QuantizedTensor& tensor : tensors) {
    replaced.push_back(graph.value(tensor.dw).producer);
    inputs.push_back(tensor.w);
    gradients.push_back(tensor.dw);
  }
  inputs.insert(inputs.end(), gradients.begin(), gradients.end());
  std::sort(replaced.begin(), replaced.end());
  LOWTIDE_TRY_VOID(graph.replace(replaced, replaced.back(), kQuantizeWeightGroupBackwardInputOp,
                                 name + "/backward_input", &params, sizeof params, std::move(inputs),
                                 std::move(gradients)));
  for (const QuantizedTensor& tensor : tensors) {
    graph.substitute(tensor.dlevels, tensor.dw);
    graph.substitute(tensor.levels, tensor.dw);
  }
  return {};
}

Result<void> replace_running(Graph& graph, const std::string& name, const std::vector<Node>& nodes) {
  std::vector<NodeId> replaced;
  std::vector<ValueId> inputs = {graph.whole_arena(Role::state)}, outputs, statistics;
  for (const Node& node : nodes) {
    replaced.push_back(only_writer(graph, node.out()));
    inputs.insert(inputs.end(), node.inputs.begin(), node.inputs.begin() + 4);
    outputs.insert(outputs.end(), node.outputs.begin(), node.outputs.end());
    statistics.insert(statistics.end(), {node.in(2), node.in(3)});
  }
  const Node& any = nodes.front();
  if (any.inputs.size() == 5) inputs.push_back(any.in(4));
  std::sort(replaced.begin(), replaced.end());
  LOWTIDE_TRY_VOID(graph.replace(replaced, replaced.back(), kBatchNormRunningGroupOp, name, any.param_storage.data(),
                                 any.param_bytes, std::move(inputs), std::move(outputs)));
  graph.join(name + "/statistics", statistics);
  return {};
}

// A norm whose running values are state that only this node writes, and whose statistics can be joined.
bool can_group(const Graph& graph, const Node& node) {
  const auto is_own_state = [&](ValueId id) {
    return graph.value(id).role == Role::state && only_writer(graph, id).is_valid();
  };
  return is_own_state(node.in(0)) && is_own_state(node.in(1)) && is_own(graph, node.in(2)) &&
         is_own(graph, node.in(3)) && node.in(2) != node.in(3);
}

}  // namespace

Result<void> group_weights(Graph& graph) {
  std::map<std::pair<uint32_t, uint32_t>, Tensors> groups;
  for (const Node& node : graph.nodes()) {
    QuantizedTensor tensor;
    if (node.op != &kQuantizeWeightsOp || !take_tensor(graph, node, tensor)) continue;
    const auto params = node.params<QuantizeWeightsOpParams>();
    groups[{params.bits, params.detach_maximum}].push_back(tensor);
  }
  for (const auto& [key, tensors] : groups) {
    if (tensors.size() < 2) continue;
    const QuantizeWeightGroupOpParams params = {.bits = key.first, .detach_maximum = key.second};
    const std::string name = "weights/" + std::to_string(params.bits) + "bit" + (key.second != 0 ? "/detached" : "");
    for (const QuantizedTensor& tensor : tensors) make_last(graph, tensor);
    LOWTIDE_TRY(const ValueId maxima, replace_forward(graph, params, name, tensors));
    LOWTIDE_TRY_VOID(replace_backward(graph, params, name, tensors, maxima));
  }
  return {};
}

Result<void> group_running(Graph& graph) {
  std::map<std::pair<float, ValueId>, std::vector<Node>> groups;
  std::set<ValueId> means;  // each norm's own
  for (const Node& node : graph.nodes()) {
    if (node.op != &kBatchNormRunningOp || !can_group(graph, node) || !means.insert(node.in(2)).second) continue;
    const ValueId finite = node.inputs.size() == 5 ? node.in(4) : ValueId();
    groups[{node.params<BatchNormRunningOpParams>().momentum, finite}].push_back(node);
  }
  for (const auto& [key, nodes] : groups) {
    if (nodes.size() < 2) continue;
    const std::string name = key.second.is_valid() ? "running/" + graph.value(key.second).name : std::string("running");
    LOWTIDE_TRY_VOID(replace_running(graph, name, nodes));
  }
  return {};
}

}  // namespace lowtide::ops
