// SPDX-License-Identifier: Apache-2.0
// Appending values and nodes, with every invariant of graph.hpp checked here and nowhere else.
#include "engine/graph/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/graph/op_info.hpp"

namespace lowtide::graph {

const char* role_name(Role role) {
  static constexpr std::array<const char*, kRoleCount> kNames = {
      "input", "step", "parameter", "gradient", "moment0", "moment1", "state", "constant", "activation", "metric"};
  return kNames[static_cast<size_t>(role)];
}

ValueId Graph::add_value(Value value) {
  if (value.role != Role::activation) {
    LOWTIDE_CHECK(!find(value.name).is_valid(), fmt::format("two values are named '{}'", value.name));
  }
  values_.push_back(std::move(value));
  return ValueId(narrow<uint32_t>(values_.size() - 1));
}

ValueId Graph::input(std::string name, TensorDesc desc) {
  return add_value({.desc = desc, .role = Role::input, .name = std::move(name)});
}

ValueId Graph::parameter(std::string name, Shape shape) {
  return add_value({.desc = f32_desc(shape), .role = Role::parameter, .name = scope_ + name});
}

ValueId Graph::state(std::string name, TensorDesc desc) {
  return add_value({.desc = desc, .role = Role::state, .name = scope_ + name});
}

ValueId Graph::constant(std::string name, TensorDesc desc) {
  return add_value({.desc = desc, .role = Role::constant, .name = scope_ + name});
}

ValueId Graph::step_block() {
  const ValueId existing = find("step_block");
  if (existing.is_valid()) return existing;
  return add_value({.desc = {DType::u32, Shape{kStepBlockWords}}, .role = Role::step, .name = "step_block"});
}

ValueId Graph::whole_arena(Role role) {
  LOWTIDE_CHECK(role == Role::parameter || role == Role::gradient || role == Role::moment0 || role == Role::moment1 ||
                    role == Role::state,
                "only the parameter arena, its mirrors and the state can be used as a whole");
  const std::string name = std::string("arena/") + role_name(role);
  const ValueId existing = find(name);
  if (existing.is_valid()) return existing;
  Value value = {.desc = f32_desc(Shape{0}), .role = role, .name = name};
  value.is_whole_arena = true;
  return add_value(std::move(value));
}

ValueId Graph::mirror(ValueId parameter, Role role) {
  LOWTIDE_CHECK(value(parameter).role == Role::parameter, "only parameters have gradients and moments");
  LOWTIDE_CHECK(role == Role::gradient || role == Role::moment0 || role == Role::moment1, "not a mirroring role");
  const std::string name = std::string(role_name(role)) + "/" + value(parameter).name;
  const ValueId existing = find(name);
  if (existing.is_valid()) return existing;
  Value mirrored = {.desc = desc(parameter), .role = role, .name = name};
  mirrored.mirror = parameter;
  return add_value(std::move(mirrored));
}

// The outputs of the node that are new have no producer yet.
Result<Node> Graph::make_node(const OpInfo& op, std::string name, const void* params, size_t param_bytes,
                              std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  LOWTIDE_CHECK(param_bytes == op.param_bytes, fmt::format("parameters of another op given to {}", op.name));
  Node node = {.op = &op, .name = std::move(name), .inputs = std::move(inputs), .outputs = std::move(outputs)};
  node.set_params(params, param_bytes);
  for (const ValueId id : node.inputs) LOWTIDE_CHECK(id.index < values_.size(), "an input that is not in the graph");
  auto descs = op.infer(node, *this);
  if (!descs) {
    Error error = std::move(descs).error();
    error.text = fmt::format("{} '{}': {}", op.name, node.name, error.text);
    return tl::unexpected<Error>(std::move(error));
  }
  if (node.outputs.empty()) node.outputs.resize(descs->size());
  LOWTIDE_CHECK(node.outputs.size() == descs->size(), fmt::format("{} has another number of outputs", op.name));
  for (size_t i = 0; i < descs->size(); ++i) {
    if (node.outputs[i].is_valid()) {
      LOWTIDE_CHECK(desc(node.outputs[i]) == (*descs)[i], fmt::format("output {} of {} does not fit", i, op.name));
      continue;
    }
    Value value = {.desc = (*descs)[i], .name = i == 0 ? node.name : fmt::format("{}.{}", node.name, i)};
    if (op.is_view && i == 0) value.view_of = node.in(0);
    node.outputs[i] = add_value(std::move(value));
  }
  return node;
}

Result<const Node*> Graph::append(const OpInfo& op, std::string name, const void* params, size_t param_bytes,
                                  std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  const size_t values_before = values_.size();
  LOWTIDE_TRY(Node node, make_node(op, scope_ + name, params, param_bytes, std::move(inputs), std::move(outputs)));
  const NodeId id(narrow<uint32_t>(nodes_.size()));
  for (size_t i = values_before; i < values_.size(); ++i) values_[i].producer = id;
  nodes_.push_back(std::move(node));
  return &nodes_.back();
}

// After nodes have changed their positions.
void Graph::set_producers() {
  for (Value& value : values_) value.producer = {};
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (const ValueId id : nodes_[i].outputs) {
      Value& value = values_[id.index];
      const bool is_own = !is_persistent(value.role) && !value.is_whole_arena;
      if (is_own && !value.producer.is_valid()) value.producer = NodeId(narrow<uint32_t>(i));
    }
  }
}

Result<void> Graph::replace(const std::vector<NodeId>& replaced, NodeId position, const OpInfo& op, std::string name,
                            const void* params, size_t param_bytes, std::vector<ValueId> inputs,
                            std::vector<ValueId> outputs) {
  LOWTIDE_CHECK(std::is_sorted(replaced.begin(), replaced.end()) &&
                    std::binary_search(replaced.begin(), replaced.end(), position),
                "nodes to replace, ascending, and the place of one of them");
  LOWTIDE_TRY(Node node, make_node(op, std::move(name), params, param_bytes, std::move(inputs), std::move(outputs)));
  std::deque<Node> kept;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const NodeId id(narrow<uint32_t>(i));
    if (id == position) {
      kept.push_back(std::move(node));
    } else if (!std::binary_search(replaced.begin(), replaced.end(), id)) {
      kept.push_back(std::move(nodes_[i]));
    }
  }
  nodes_ = std::move(kept);
  set_producers();
  return {};
}

void Graph::redirect(ValueId from, ValueId to) {
  LOWTIDE_CHECK(desc(from) == desc(to), "a value of another description in place of one");
  for (Node& node : nodes_) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
}

Result<void> Graph::repeat(NodeId id, NodeId before, std::vector<ValueId> inputs) {
  const Node original = node(id);
  LOWTIDE_CHECK(id < before && before.index < nodes_.size(), "a copy stands behind its node");
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_valid()) inputs[i] = original.in(i);
  }
  LOWTIDE_TRY(Node copy, make_node(*original.op, original.name + "/again", original.param_storage.data(),
                                   original.param_bytes, std::move(inputs), {}));
  for (size_t i = before.index; i < nodes_.size(); ++i) {
    std::vector<ValueId>& read = nodes_[i].inputs;
    std::replace(read.begin(), read.end(), original.out(), copy.out());
  }
  nodes_.insert(nodes_.begin() + before.index, std::move(copy));
  set_producers();
  return {};
}

void Graph::substitute(ValueId from, ValueId to) {
  redirect(from, to);
  for (Node& node : nodes_) std::replace(node.outputs.begin(), node.outputs.end(), from, to);
  set_producers();
}

void Graph::move_behind(NodeId id, NodeId later) {
  LOWTIDE_CHECK(id < later && later.index < nodes_.size(), "a node is moved behind a later one");
  const auto has_any = [](const std::vector<ValueId>& list, const std::vector<ValueId>& wanted) {
    return std::find_first_of(list.begin(), list.end(), wanted.begin(), wanted.end()) != list.end();
  };
  const auto first = nodes_.begin() + id.index, end = nodes_.begin() + later.index + 1;
  for (auto other = first + 1; other != end; ++other) {
    LOWTIDE_CHECK(!has_any(other->inputs, first->outputs) && !has_any(other->outputs, first->outputs) &&
                      !has_any(other->outputs, first->inputs),
                  "a node that is needed earlier");
  }
  std::rotate(first, first + 1, end);
  set_producers();
}

ValueId Graph::join(std::string name, const std::vector<ValueId>& parts) {
  uint64_t end = 0;
  for (const ValueId id : parts) {
    Value& part = values_.at(id.index);
    LOWTIDE_CHECK(part.role == Role::activation && !part.view_of.is_valid() && part.desc.dtype == DType::f32,
                  "only f32 activations with storage of their own are joined");
    part.view_of = ValueId(narrow<uint32_t>(values_.size()));
    part.view_offset = round_up<uint64_t>(end, kValueAlignment);
    end = part.view_offset + part.desc.element_count();
  }
  return add_value({.desc = f32_desc(Shape{narrow<uint32_t>(end)}), .name = std::move(name)});
}

void Graph::add_input(NodeId node, ValueId input) {
  Node& changed = nodes_.at(node.index);
  LOWTIDE_CHECK(value(input).producer.index < node.index, "an input that comes later");
  changed.inputs.push_back(input);
  LOWTIDE_CHECK(changed.op->infer(changed, *this).has_value(), "an input that the op does not take");
}

void Graph::make_metric(ValueId id, std::string name) {
  LOWTIDE_CHECK(value(id).role == Role::activation && !value(id).view_of.is_valid(),
                "only an activation with storage of its own becomes a metric");
  LOWTIDE_CHECK(!find(name).is_valid(), "the metric's name is taken");
  values_[id.index].role = Role::metric;
  values_[id.index].name = std::move(name);
}

void Graph::make_gradient(ValueId id, ValueId parameter) {
  LOWTIDE_CHECK(value(id).role == Role::activation && !value(id).view_of.is_valid(),
                "only an activation with storage of its own becomes a gradient");
  LOWTIDE_CHECK(value(parameter).role == Role::parameter && desc(id) == desc(parameter),
                "not this parameter's gradient");
  std::string name = std::string(role_name(Role::gradient)) + "/" + value(parameter).name;
  LOWTIDE_CHECK(!find(name).is_valid(), "the parameter has a gradient already");
  values_[id.index].role = Role::gradient;
  values_[id.index].mirror = parameter;
  values_[id.index].name = std::move(name);
}

void Graph::rename(ValueId id, std::string name) {
  LOWTIDE_CHECK(value(id).role == Role::activation, "only activations are renamed");
  values_[id.index].name = std::move(name);
}

const Value& Graph::value(ValueId id) const {
  LOWTIDE_CHECK(id.index < values_.size(), "a value that is not in the graph");
  return values_[id.index];
}

const Node& Graph::node(NodeId id) const {
  LOWTIDE_CHECK(id.index < nodes_.size(), "a node that is not in the graph");
  return nodes_[id.index];
}

ValueId Graph::find(std::string_view name) const {
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].role != Role::activation && values_[i].name == name) return ValueId(static_cast<uint32_t>(i));
  }
  return {};
}

std::vector<ValueId> Graph::with_role(Role role) const {
  std::vector<ValueId> out;
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].role == role && !values_[i].is_whole_arena) out.push_back(ValueId(static_cast<uint32_t>(i)));
  }
  return out;
}

std::vector<NodeId> Graph::readers_of(ValueId id) const {
  std::vector<NodeId> out;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const std::vector<ValueId>& inputs = nodes_[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), id) != inputs.end()) out.push_back(NodeId(narrow<uint32_t>(i)));
  }
  return out;
}

ValueId Graph::storage_of(ValueId id) const {
  while (value(id).view_of.is_valid()) id = value(id).view_of;
  return id;
}

uint64_t Graph::offset_in_storage(ValueId id) const {
  uint64_t offset = 0;
  for (; value(id).view_of.is_valid(); id = value(id).view_of) offset += value(id).view_offset;
  return offset;
}

}  // namespace lowtide::graph
