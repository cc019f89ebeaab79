// SPDX-License-Identifier: Apache-2.0
// One walk over the nodes in order: each is copied, or replaced together with those behind it. A chain is fused only
// where each value inside it has one reader and is no output of the graph.
#include "engine/infer/fuse_epilogues.hpp"

#include <algorithm>
#include <vector>

#include "engine/ops/affine/affine.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/relu/relu.hpp"

namespace lowtide::infer {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

class Fuser {
 public:
  Fuser(const Graph& graph, const graph::LowerTarget& target)
      : graph_(graph), target_(target), new_ids_(graph.values().size()), readers_(graph.values().size()) {
    for (const Node& node : graph.nodes()) {
      for (const ValueId id : node.inputs) readers_[id.index].push_back(&node);
    }
  }

  Result<Graph> run() {
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::input) new_ids_[i] = out_.input(value.name, value.desc);
      if (value.role == Role::constant) new_ids_[i] = out_.constant(value.name, value.desc);
    }
    for (const Node& node : graph_.nodes()) {
      if (std::find(absorbed_.begin(), absorbed_.end(), &node) != absorbed_.end()) continue;
      LOWTIDE_TRY_VOID(visit(node));
    }
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::metric) out_.make_metric(new_ids_[i], value.name);
    }
    return std::move(out_);
  }

 private:
  Result<void> visit(const Node& node) {
    const Node* affine = node.op == &ops::kConv2dOp ? next(node, ops::kAffineOp) : nullptr;
    if (affine != nullptr && ops::fuses_affine(node, graph_, target_)) return fuse_affine(node, *affine);
    return append(node, *node.op, node.param_storage.data(), node.param_bytes, node.inputs, node);
  }

  Result<void> fuse_affine(const Node& conv, const Node& affine) {
    ops::Conv2dAffineOpParams params = {.conv = conv.params<ops::Conv2dParams>()};
    const Node* last = &affine;
    absorbed_.push_back(&affine);
    if (const Node* clip = next(affine, ops::kClipOp)) {
      params.lo = clip->params<ops::ClipOpParams>().lo;
      params.hi = clip->params<ops::ClipOpParams>().hi;
      last = clip;
    } else if (const Node* relu = next(affine, ops::kReluOp)) {
      params.lo = 0.0f;
      last = relu;
    }
    if (last != &affine) absorbed_.push_back(last);
    return append(conv, ops::kConv2dAffineOp, &params, sizeof params,
                  {conv.in(0), conv.in(1), affine.in(1), affine.in(2)}, *last);
  }

  // The node of that op that is the only reader of this one's only output, as its first input.
  const Node* next(const Node& node, const graph::OpInfo& op) const {
    const ValueId y = node.out();
    if (node.outputs.size() != 1 || graph_.value(y).role != Role::activation || readers_[y.index].size() != 1) {
      return nullptr;
    }
    const Node* reader = readers_[y.index].front();
    return reader->op == &op && reader->in(0) == y ? reader : nullptr;
  }

  // A node named as `named`, which makes what `last` made.
  Result<void> append(const Node& named, const graph::OpInfo& op, const void* params, size_t param_bytes,
                      const std::vector<ValueId>& inputs, const Node& last) {
    std::vector<ValueId> mapped;
    for (const ValueId id : inputs) mapped.push_back(new_ids_[id.index]);
    LOWTIDE_TRY(const Node* made, out_.append(op, named.name, params, param_bytes, std::move(mapped)));
    for (size_t i = 0; i < last.outputs.size(); ++i) new_ids_[last.outputs[i].index] = made->outputs[i];
    return {};
  }

  const Graph& graph_;
  const graph::LowerTarget& target_;
  Graph out_;
  std::vector<ValueId> new_ids_;                   // by value of graph_
  std::vector<std::vector<const Node*>> readers_;  // likewise
  std::vector<const Node*> absorbed_;
};

}  // namespace

Result<Graph> fuse_epilogues(const Graph& graph, const graph::LowerTarget& target) {
  return Fuser(graph, target).run();
}

}  // namespace lowtide::infer
