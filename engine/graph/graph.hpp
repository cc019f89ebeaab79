// SPDX-License-Identifier: Apache-2.0
// Graph: a network as data. Two flat arrays, values and nodes; append-only; nodes are in execution order. No storage,
// no device. Persistent values (parameters, state) may be written by nodes in place: then program order decides, as in
// any program.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/node.hpp"
#include "engine/graph/value.hpp"

namespace lowtide::graph {

inline constexpr uint32_t kStepBlockWords = 16;

class Graph {
 public:
  // What goes in front of every name that parameter, state, constant and append are given from now on, so that several
  // networks of one builder can live in one graph: "teacher/". Empty at the start.
  void set_scope(std::string prefix) { scope_ = std::move(prefix); }
  const std::string& scope() const { return scope_; }

  // Values without a producer. Their names must be unique (LOWTIDE_CHECK): files and shared arenas go by them.
  ValueId input(std::string name, TensorDesc desc);
  ValueId parameter(std::string name, Shape shape);  // f32
  ValueId state(std::string name, TensorDesc desc);
  ValueId constant(std::string name, TensorDesc desc);
  ValueId step_block();  // the graph's one step block, u32[16], made on first use
  // The whole arena of a role (parameter, gradient, moment0, moment1, state) as one value, made on first use.
  ValueId whole_arena(Role role);
  // The gradient or moment of a parameter, made on first use, named "<role>/<parameter>".
  ValueId mirror(ValueId parameter, Role role);

  // Appends a node. Its op's shape rule gives the descriptions of its outputs, or an error: a sentence that says what
  // does not fit. `outputs` empty: new activations, named "<node>" or "<node>.<i>". Otherwise the node writes those
  // existing values, whose descriptions must be the ones that the shape rule gives; an invalid id among them stands
  // for a new activation. The pointer stays valid.
  Result<const Node*> append(const OpInfo& op, std::string name, const void* params, size_t param_bytes,
                             std::vector<ValueId> inputs, std::vector<ValueId> outputs = {});

  // Rewriting, before differentiation. Puts one node where `position`, one of `replaced` (ascending), stood and removes
  // those; its outputs are existing values, as in append, or new ones. Activations that only removed nodes wrote have
  // no producer from then on and must have no reader either. Positions of nodes change; values keep their ids.
  Result<void> replace(const std::vector<NodeId>& replaced, NodeId position, const OpInfo& op, std::string name,
                       const void* params, size_t param_bytes, std::vector<ValueId> inputs,
                       std::vector<ValueId> outputs);
  // Lets every node that reads `from` read `to`, which is described alike.
  void redirect(ValueId from, ValueId to);
  // Runs a node a second time, in front of `before` and from other inputs (an invalid one: the node's own); from there
  // on nodes read the copy's first output instead of the node's.
  Result<void> repeat(NodeId node, NodeId before, std::vector<ValueId> inputs);
  // Lets every node that reads or writes `from` read or write `to`, which is described alike.
  void substitute(ValueId from, ValueId to);
  // Puts a node right behind a later one. No node between them may touch what it writes or write what it reads.
  void move_behind(NodeId node, NodeId later);
  // Makes f32 activations that have storage of their own the parts of a new one, one behind the other, each from a
  // multiple of kValueAlignment elements on: one dispatch can reach all of them. Nodes go on to name the parts.
  ValueId join(std::string name, const std::vector<ValueId>& parts);
  // Gives a node another input at its end.
  void add_input(NodeId node, ValueId input);

  // Turns an activation into a value that the host reads after every submit.
  void make_metric(ValueId id, std::string name);
  // Turns an activation into the gradient of a parameter of the same description.
  void make_gradient(ValueId id, ValueId parameter);
  // A name for an activation, for dumps; activations' names need not be unique.
  void rename(ValueId id, std::string name);

  const std::deque<Value>& values() const { return values_; }
  const std::deque<Node>& nodes() const { return nodes_; }
  const Value& value(ValueId id) const;
  const Node& node(NodeId id) const;
  const TensorDesc& desc(ValueId id) const { return value(id).desc; }
  // The value of that name among all but activations; invalid when there is none.
  ValueId find(std::string_view name) const;
  std::vector<ValueId> with_role(Role role) const;   // in order of creation, whole arenas left out
  std::vector<NodeId> readers_of(ValueId id) const;  // ascending; readers of its views not among them
  // The value whose storage this one uses: follows view_of to its end.
  ValueId storage_of(ValueId id) const;
  // Where in it, in elements.
  uint64_t offset_in_storage(ValueId id) const;

 private:
  ValueId add_value(Value value);
  void set_producers();
  Result<Node> make_node(const OpInfo& op, std::string name, const void* params, size_t param_bytes,
                         std::vector<ValueId> inputs, std::vector<ValueId> outputs);

  std::deque<Value> values_;
  std::deque<Node> nodes_;
  std::string scope_;
};

// For builders: appends a node and returns its first output. The builders of engine/ops return Result<ValueId>.
template <class Params>
Result<ValueId> append_one(Graph& graph, const OpInfo& op, std::string name, const Params& params,
                           std::vector<ValueId> inputs, std::vector<ValueId> outputs = {}) {
  static_assert(std::is_trivially_copyable_v<Params>);
  LOWTIDE_TRY(const Node* node,
              graph.append(op, std::move(name), &params, sizeof(Params), std::move(inputs), std::move(outputs)));
  return node->out(0);
}

}  // namespace lowtide::graph
