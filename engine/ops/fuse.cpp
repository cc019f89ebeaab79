// SPDX-License-Identifier: Apache-2.0
// The pattern of fuse_norms, found from the norm onwards.
#include "engine/ops/fuse.hpp"

#include <algorithm>
#include <optional>

#include "engine/ops/add/add.hpp"
#include "engine/ops/batch_norm/activation.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/relu/relu.hpp"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::Node;

// The only node that reads an activation; invalid where there are others.
NodeId only_reader(const Graph& graph, ValueId value) {
  const std::vector<NodeId> readers = graph.readers_of(value);
  const bool is_only = readers.size() == 1 && graph.value(value).role == graph::Role::activation;
  return is_only ? readers.front() : NodeId();
}

// What becomes of one norm.
struct Chain {
  std::vector<NodeId> nodes;  // the norm, the sum, the activation, the quantiser
  BatchNormActivationOpParams params;
  ValueId shortcut = {};
  ValueId value;  // in front of the quantiser
  ValueId levels = {};
  size_t inner = 1;  // nodes that must run where the fused one does: the norm and the sum
};

void take_sum(const Graph& graph, Chain& chain) {
  const NodeId reader = only_reader(graph, chain.value);
  if (!reader.is_valid() || graph.node(reader).op != &kAddOp) return;
  const Node& sum = graph.node(reader);
  if (sum.in(0) == sum.in(1)) return;
  // The statistics must not be read before the sum: the fused node stands there.
  const Node& norm = graph.node(chain.nodes.front());
  for (const ValueId id : norm.outputs) {
    for (const NodeId other : graph.readers_of(id)) {
      if (other < reader) return;
    }
  }
  chain.shortcut = sum.in(sum.in(0) == chain.value ? 1 : 0);
  chain.value = sum.out();
  chain.nodes.push_back(reader);
  chain.inner = 2;
}

void take_activation(const Graph& graph, Chain& chain) {
  const NodeId reader = only_reader(graph, chain.value);
  if (!reader.is_valid()) return;
  const Node& node = graph.node(reader);
  if (node.op == &kReluOp) {
    chain.params.activation = NormActivation::relu;
  } else if (node.op == &kClipOp) {
    const auto clip = node.params<ClipOpParams>();
    chain.params.activation = NormActivation::clip;
    chain.params.lo = clip.lo;
    chain.params.hi = clip.hi;
  } else {
    return;
  }
  chain.value = node.out();
  chain.nodes.push_back(reader);
}

// The quantiser's part of the parameters, where the fused op has such a one.
std::optional<BatchNormActivationOpParams> quantizer_params(const Node& node, BatchNormActivationOpParams params) {
  if (node.op == &kQuantizeActivationsOp) {
    const auto quantizer = node.params<QuantizeActivationsOpParams>();
    if (quantizer.bits > kMaxNormBits || quantizer.is_rounded == 0) return std::nullopt;
    params.quantizer = NormQuantizer::unsigned_levels;
    params.bits = quantizer.bits;
    return params;
  }
  if (node.op != &kQuantizeSignOp) return std::nullopt;
  const auto sign = node.params<QuantizeSignOpParams>();
  if (sign.rule != SignRule::clipped || sign.is_rounded == 0) return std::nullopt;
  params.quantizer = NormQuantizer::signs;
  params.window = sign.window;
  return params;
}

bool is_alike(const Node& a, const Node& b) {
  return a.op == b.op && a.inputs == b.inputs && a.param_bytes == b.param_bytes &&
         std::equal(a.param_storage.begin(), a.param_storage.begin() + static_cast<std::ptrdiff_t>(a.param_bytes),
                    b.param_storage.begin());
}

void take_quantizers(Graph& graph, Chain& chain) {
  chain.params.writes_value = 0;
  std::vector<NodeId> quantizers;
  for (const NodeId reader : graph.readers_of(chain.value)) {
    const Node& node = graph.node(reader);
    const auto params = quantizer_params(node, chain.params);
    const bool is_taken = params && (quantizers.empty() || is_alike(node, graph.node(quantizers.front())));
    if (!is_taken) {
      chain.params.writes_value = 1;
      continue;
    }
    chain.params = *params;
    quantizers.push_back(reader);
  }
  if (graph.value(chain.value).role != graph::Role::activation) chain.params.writes_value = 1;
  if (quantizers.empty()) return;
  chain.levels = graph.node(quantizers.front()).out();
  for (const NodeId id : quantizers) {
    if (graph.node(id).out() != chain.levels) graph.redirect(graph.node(id).out(), chain.levels);
    chain.nodes.push_back(id);
  }
}

// Convolutions of levels keep their codes for the gradient.
void keep_codes(Graph& graph, ValueId levels) {
  const ValueId codes = graph.node(graph.value(levels).producer).out(5);
  for (const NodeId id : graph.readers_of(levels)) {
    const Node& node = graph.node(id);
    if (node.op == &kConv2dOp && node.in(0) == levels && node.inputs.size() == 2) graph.add_input(id, codes);
  }
}

// Whether the norm was fused.
Result<bool> fuse_norm(Graph& graph, NodeId norm_id) {
  const Node& norm = graph.node(norm_id);
  if (graph.desc(norm.in(0)).shape.last() % 4 != 0) return false;
  Chain chain = {
      .nodes = {norm_id}, .params = {.epsilon = norm.params<BatchNormOpParams>().epsilon}, .value = norm.out()};
  take_sum(graph, chain);
  take_activation(graph, chain);
  take_quantizers(graph, chain);
  if (chain.nodes.size() == 1) return false;
  std::vector<ValueId> inputs = norm.inputs;
  if (chain.shortcut.is_valid()) inputs.push_back(chain.shortcut);
  const std::vector<ValueId> outputs = {chain.value, norm.out(1), {}, norm.out(3), chain.levels, {}};
  const NodeId position = chain.nodes[chain.inner - 1];
  std::sort(chain.nodes.begin(), chain.nodes.end());
  LOWTIDE_TRY_VOID(graph.replace(chain.nodes, position, kBatchNormActivationOp, std::string(norm.name), &chain.params,
                                 sizeof(chain.params), std::move(inputs), outputs));
  if (chain.levels.is_valid()) keep_codes(graph, chain.levels);
  return true;
}

}  // namespace

Result<void> fuse_norms(Graph& graph) {
  for (size_t i = 0; i < graph.nodes().size();) {
    bool is_fused = false;
    if (graph.nodes()[i].op == &kBatchNormOp) {
      LOWTIDE_TRY(is_fused, fuse_norm(graph, NodeId(narrow<uint32_t>(i))));
    }
    if (!is_fused) ++i;
  }
  return {};
}

Result<void> recompute_convolutions(Graph& graph, size_t first_gradient) {
  for (size_t i = 0; i < first_gradient; ++i) {
    const Node& node = graph.nodes()[i];
    if (node.op != &kConv2dOp) continue;
    const bool has_codes = node.inputs.size() == 3;
    if (!has_codes && graph.value(node.in(0)).role != graph::Role::input) continue;
    const std::vector<NodeId> readers = graph.readers_of(node.out());
    const auto reader = std::lower_bound(readers.begin(), readers.end(), NodeId(narrow<uint32_t>(first_gradient)));
    if (reader == readers.end()) continue;
    LOWTIDE_TRY_VOID(graph.repeat(NodeId(narrow<uint32_t>(i)), *reader, {has_codes ? node.in(2) : node.in(0), {}}));
  }
  return {};
}

}  // namespace lowtide::ops
