// SPDX-License-Identifier: Apache-2.0
// One walk over the nodes in order: each is copied, or replaced together with those behind it. A chain is fused only
// where each value inside it has one reader and is no output of the graph.
#include "engine/infer/fuse_epilogues.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "engine/ops/affine/affine.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/pooled_signs/pooled_signs.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/residual_signs/residual_signs.hpp"

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
    const bool is_early = affine != nullptr && is_constant(affine->in(1)) && is_constant(affine->in(2));
    if (is_early && ops::fuses_affine(node, graph_, target_)) return fuse_affine(node, *affine);
    if (const Node* residual = fusible_residual(node)) {
      residuals_.emplace(residual, &node);
      return {};  // where the residual stands, its shortcut is there too
    }
    if (const auto it = residuals_.find(&node); it != residuals_.end()) return fuse_residual(*it->second, node);
    if (node.op == &ops::kMaxPool2dOp) {
      ops::PooledSignsOpParams params = {.pool = node.params<ops::Pool2dOpParams>()};
      const Node* bounds = take_bounds(node, params.lo, params.hi);
      const Node& last = bounds == nullptr ? node : *bounds;
      const Node* signs = signs_of(last);
      if (signs != nullptr && params.pool.kernel_h * params.pool.kernel_w <= ops::kMostPooledPixels) {
        return fuse_pool(node, params, last, *signs);
      }
    }
    return append(node, *node.op, node.param_storage.data(), node.param_bytes, node.inputs, node);
  }

  Result<void> fuse_affine(const Node& conv, const Node& affine) {
    ops::Conv2dAffineOpParams params = {.conv = conv.params<ops::Conv2dParams>()};
    const Node* last = &affine;
    absorbed_.push_back(&affine);
    if (const Node* bounds = take_bounds(affine, params.lo, params.hi)) {
      last = bounds;
      absorbed_.push_back(last);
    }
    return append(conv, ops::kConv2dAffineOp, &params, sizeof params,
                  {conv.in(0), conv.in(1), affine.in(1), affine.in(2)}, *last);
  }

  Result<void> fuse_pool(const Node& pool, const ops::PooledSignsOpParams& params, const Node& last,
                         const Node& signs) {
    if (&last != &pool) absorbed_.push_back(&last);
    absorbed_.push_back(&signs);
    LOWTIDE_TRY(const Node* made,
                out_.append(ops::kPooledSignsOp, pool.name, &params, sizeof params, {new_ids_[pool.in(0).index]}));
    new_ids_[last.out().index] = made->outputs[0];
    new_ids_[signs.out().index] = made->outputs[1];
    return {};
  }

  // The residual_signs that takes in a packed convolution; the first one where both of its operands are such.
  const Node* fusible_residual(const Node& node) const {
    const Node* residual = node.op == &ops::kPackedConv2dOp ? next(node, ops::kResidualSignsOp) : nullptr;
    const bool is_free = residual != nullptr && !residuals_.contains(residual);
    return is_free && ops::fuses_residual(node, graph_, target_) ? residual : nullptr;
  }

  Result<void> fuse_residual(const Node& conv, const Node& residual) {
    const auto bounds = residual.params<ops::ResidualSignsOpParams>();
    const ops::PackedConv2dResidualOpParams params = {conv.params<ops::PackedConv2dOpParams>(), bounds.lo, bounds.hi};
    std::vector<ValueId> inputs = conv.inputs;
    inputs.push_back(residual.in(residual.in(0) == conv.out() ? 1 : 0));
    return append(conv, ops::kPackedConv2dResidualOp, &params, sizeof params, inputs, residual);
  }

  // What a file's nodes compute may not be there yet where a fused node stands.
  bool is_constant(ValueId id) const { return graph_.value(id).role == Role::constant; }

  // The clip or relu behind a node, and its bounds; nullptr without one.
  const Node* take_bounds(const Node& node, float& lo, float& hi) const {
    if (const Node* clip = next(node, ops::kClipOp)) {
      lo = clip->params<ops::ClipOpParams>().lo;
      hi = clip->params<ops::ClipOpParams>().hi;
      return clip;
    }
    const Node* relu = next(node, ops::kReluOp);
    if (relu != nullptr) lo = 0.0f;
    return relu;
  }

  // A node that packs the signs of what this one makes, as it is.
  const Node* signs_of(const Node& node) const {
    for (const Node* reader : readers_[node.out().index]) {
      if (reader->op != &ops::kPackOp || reader->inputs.size() != 1) continue;
      if (reader->params<ops::PackOpParams>().kind == quant::ActivationKind::signs) return reader;
    }
    return nullptr;
  }

  // The node of that op that is the only reader of this one's only output; of ops of one input and its constants.
  const Node* next(const Node& node, const graph::OpInfo& op) const {
    const ValueId y = node.out();
    if (node.outputs.size() != 1 || graph_.value(y).role != Role::activation || readers_[y.index].size() != 1) {
      return nullptr;
    }
    const Node* reader = readers_[y.index].front();
    return reader->op == &op && (reader->in(0) == y || &op == &ops::kResidualSignsOp) ? reader : nullptr;
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
  std::map<const Node*, const Node*> residuals_;  // to the convolution that each takes in
};

}  // namespace

Result<Graph> fuse_epilogues(const Graph& graph, const graph::LowerTarget& target) {
  return Fuser(graph, target).run();
}

}  // namespace lowtide::infer
