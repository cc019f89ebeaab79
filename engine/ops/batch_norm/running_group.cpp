// SPDX-License-Identifier: Apache-2.0
// batch_norm_running_group: one workgroup a norm; a table says where its values lie.
#include "engine/ops/batch_norm/running_group.hpp"

#include <cstddef>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/batch_norm.hpp"
#include "shaders/batch_norm/batch_norm.params.h"
#include "shaders/lib/running_norm.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::Node;

constexpr size_t kFirst = 1, kEach = 4;  // inputs: the first norm's, of one norm

constexpr graph::ParamField kFields[] = {
    {"momentum", offsetof(BatchNormRunningOpParams, momentum), graph::FieldType::f32}};

size_t norm_count(const Node& node) {
  return (node.inputs.size() - kFirst) / kEach;
}

bool has_finite(const Node& node) {
  return (node.inputs.size() - kFirst) % kEach == 1;
}

Descs infer(const Node& node, const Graph& graph) {
  const size_t count = norm_count(node);
  LOWTIDE_CHECK(count >= 1 && node.inputs.size() == kFirst + kEach * count + (has_finite(node) ? 1 : 0),
                "four values to each norm of a group");
  const graph::Value& arena = graph.value(node.in(0));
  LOWTIDE_CHECK(arena.is_whole_arena && arena.role == graph::Role::state, "a group of norms takes the state arena");
  std::vector<TensorDesc> descs;
  for (size_t i = kFirst; i < kFirst + kEach * count; i += kEach) {
    // What each of them must be is the single op's rule.
    Node single = {.op = &kBatchNormRunningOp, .name = node.name};
    single.inputs.assign(node.inputs.begin() + static_cast<std::ptrdiff_t>(i),
                         node.inputs.begin() + static_cast<std::ptrdiff_t>(i + kEach));
    if (has_finite(node)) single.inputs.push_back(node.inputs.back());
    single.set_params(node.param_storage.data(), node.param_bytes);
    LOWTIDE_TRY(const std::vector<TensorDesc> two, kBatchNormRunningOp.infer(single, graph));
    descs.insert(descs.end(), two.begin(), two.end());
  }
  return descs;
}

Result<void> lower(const Node& node, const Graph& graph, const graph::LowerTarget&, DispatchList& out) {
  const ValueId batch = graph.storage_of(node.in(kFirst + 2));
  const auto in_batch = [&](ValueId id) {
    LOWTIDE_CHECK(graph.storage_of(id) == batch && id != batch, "the statistics of a group must be joined");
    return narrow<uint32_t>(graph.offset_in_storage(id));
  };
  const auto in_state = [&](ValueId id) { return narrow<uint32_t>(graph::state_offset(graph, id)); };
  std::vector<shaders::RunningNorm> norms;
  for (size_t i = kFirst; i < kFirst + kEach * norm_count(node); i += kEach) {
    norms.push_back({.channels = graph.desc(node.in(i)).shape.last(),
                     .mean = in_batch(node.in(i + 2)),
                     .variance = in_batch(node.in(i + 3)),
                     .running_mean = in_state(node.in(i)),
                     .running_variance = in_state(node.in(i + 1))});
  }
  const kernels::batch_norm_forward_running_group kernel{.batch = batch,
                                                         .finite = has_finite(node) ? node.inputs.back() : batch,
                                                         .norms = out.table(norms),
                                                         .state = node.in(0)};
  out.add(kernel,
          shaders::BatchNormRunningParams{.channels = 0,
                                          .has_finite = has_finite(node) ? 1u : 0u,
                                          .momentum = node.params<BatchNormRunningOpParams>().momentum},
          Groups{narrow<uint32_t>(norms.size()), 1, 1});
  return {};
}

}  // namespace

const graph::OpInfo kBatchNormRunningGroupOp = {.name = "batch_norm_running_group",
                                                .fields = kFields,
                                                .param_bytes = sizeof(BatchNormRunningOpParams),
                                                .infer = infer,
                                                .lower = lower};

}  // namespace lowtide::ops
