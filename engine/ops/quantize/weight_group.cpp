// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group: each tensor is cut into the chunks that the single ops cut it into, and a table says which
// workgroup has which.
#include "engine/ops/quantize/weight_group.hpp"

#include <algorithm>
#include <cstddef>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/quantize/bits_rule.hpp"
#include "engine/ops/quantize/chunks.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/quantize.hpp"
#include "shaders/lib/weight_segment.h"
#include "shaders/quantize/quantize.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::Role;
using Params = QuantizeWeightGroupOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"detach_maximum", offsetof(Params, detach_maximum), FieldType::u32}};

constexpr uint32_t kItem = 4;  // elements

void check_arenas(const Node& node, const Graph& graph) {
  const graph::Value &w = graph.value(node.in(0)), &gradient = graph.value(node.in(1));
  LOWTIDE_CHECK(
      w.is_whole_arena && w.role == Role::parameter && gradient.is_whole_arena && gradient.role == Role::gradient,
      "a group of weights takes the arenas of parameters and gradients");
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() > kFirstInGroup, "a group of no weights");
  check_arenas(node, graph);
  LOWTIDE_TRY_VOID(expect_bits(node, node.params<Params>().bits, 2));
  std::vector<TensorDesc> descs = {f32_desc(Shape{narrow<uint32_t>(node.inputs.size() - kFirstInGroup)})};
  for (size_t i = kFirstInGroup; i < node.inputs.size(); ++i) {
    if (!fits_weight_group(graph, node.in(i))) {
      return fail(ErrorCode::invalid_argument,
                  "a group quantises parameters of a multiple of four elements, but one is " +
                      to_string(graph.desc(node.in(i))));
    }
    descs.push_back(graph.desc(node.in(i)));
  }
  return descs;
}

size_t gradient_count(const Node& node) {
  return (node.inputs.size() - kFirstInGroupBackward) / 2;
}

Descs infer_backward_input(const Node& node, const Graph& graph) {
  const size_t count = gradient_count(node);
  LOWTIDE_CHECK(count >= 1 && node.inputs.size() == kFirstInGroupBackward + 2 * count,
                "a gradient to each tensor of a group");
  check_arenas(node, graph);
  std::vector<TensorDesc> descs;
  for (size_t i = kFirstInGroupBackward; i < kFirstInGroupBackward + count; ++i) {
    LOWTIDE_CHECK(graph.value(node.in(i + count)).mirror == node.in(i), "not the gradient of the group's parameter");
    LOWTIDE_CHECK(fits_weight_group(graph, node.in(i)), "not a parameter of the group");
    index_in_group(graph, node.in(2), node.in(i));
    descs.push_back(graph.desc(node.in(i)));
  }
  return descs;
}

// The rows of the table, but for where the maxima lie.
std::vector<shaders::WeightSegment> segments_of(const Graph& graph, std::span<const ValueId> weights) {
  std::vector<shaders::WeightSegment> rows;
  shaders::WeightSegment next = {};
  for (const ValueId w : weights) {
    const uint32_t count = narrow<uint32_t>(graph.desc(w).element_count());
    const Chunks chunks = chunks_of(count);
    next.first = graph::blocks_of(graph, w).first * (graph::kParameterBlock / kItem);
    next.items = chunks.items;
    next.chunk_items = chunks.items_each;
    next.chunks = chunks.count;
    next.maximum = narrow<uint32_t>(rows.size());
    rows.push_back(next);
    next.chunk += chunks.count;
  }
  LOWTIDE_CHECK(next.chunk <= 65535, "too many weights for one group");
  return rows;
}

struct Group {
  ValueId segments;
  uint32_t chunks = 0;  // of all tensors
  shaders::QuantizeGroupParams params;
  Groups chunk_groups, tensor_groups, element_groups;
};

Group make_group(std::vector<shaders::WeightSegment> rows, const Params& op, DispatchList& out) {
  const auto count = narrow<uint32_t>(rows.size());
  uint32_t first = rows[0].first, end = 0;  // items of the arenas
  for (const shaders::WeightSegment& row : rows) {
    first = std::min(first, row.first);
    end = std::max(end, row.first + row.items);
  }
  Group group = {.segments = {}, .chunks = rows.back().chunk + rows.back().chunks};
  group.params = {
      .segments = count, .bits = op.bits, .has_sums = op.detach_maximum == 0 ? 1u : 0u, .first = kItem * first};
  group.chunk_groups = {group.chunks, 1, 1};
  group.tensor_groups = groups_for(count, Grid::kWidth);
  group.element_groups = groups_for(uint64_t{kItem} * (end - first), Grid::kWidth);
  group.segments = out.table(rows);
  return group;
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto weights = std::span(node.inputs).subspan(kFirstInGroup);
  for (size_t i = 0; i < weights.size(); ++i) {
    LOWTIDE_CHECK(graph.value(node.out(i + 1)).mirror == weights[i], "levels that are not in the gradient's place");
  }
  const Group group = make_group(segments_of(graph, weights), node.params<Params>(), out);
  const ValueId w = node.in(0), maxima = node.out(0), levels = node.in(1);
  if (target.naive_only) {
    out.add(kernels::quantize_group_forward_maxima_naive{.w = w, .segments = group.segments, .maxima = maxima},
            group.params, group.tensor_groups);
    out.add(
        kernels::quantize_group_forward_naive{.w = w, .segments = group.segments, .maxima = maxima, .levels = levels},
        group.params, group.element_groups);
    return {};
  }
  const ValueId chunk_maxima = out.scratch(uint64_t{group.chunks} * 4);
  out.add(kernels::quantize_group_forward_maxima{.w = w, .segments = group.segments, .chunk_maxima = chunk_maxima},
          group.params, group.chunk_groups);
  out.add(
      kernels::quantize_group_forward{
          .w = w, .segments = group.segments, .chunk_maxima = chunk_maxima, .maxima = maxima, .levels = levels},
      group.params, group.chunk_groups);
  return {};
}

Result<void> lower_backward_input(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto params = node.params<Params>();
  const auto weights = std::span(node.inputs).subspan(kFirstInGroupBackward, gradient_count(node));
  auto rows = segments_of(graph, weights);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].maximum = index_in_group(graph, node.in(2), weights[i]);
  const Group group = make_group(std::move(rows), params, out);
  const bool is_attached = params.detach_maximum == 0;
  const uint32_t sum_count = target.naive_only ? group.params.segments : group.chunks;
  const ValueId sums = is_attached ? out.scratch(uint64_t{sum_count} * 8) : node.in(2);  // detached: anything
  const auto add = [&](auto kernel, Groups groups) {
    kernel.w = node.in(0);
    kernel.segments = group.segments;
    kernel.maxima = node.in(2);
    kernel.sums = sums;
    kernel.gradient = node.in(1);
    out.add(kernel, group.params, groups);
  };
  if (target.naive_only) {
    if (is_attached) add(kernels::quantize_group_backward_input_sums_naive{}, group.tensor_groups);
    add(kernels::quantize_group_backward_input_naive{}, group.element_groups);
    return {};
  }
  if (is_attached) add(kernels::quantize_group_backward_input_sums{}, group.chunk_groups);
  kernels::quantize_group_backward_input kernel;
  kernel.spec.is_attached = is_attached ? 1 : 0;
  add(kernel, group.chunk_groups);
  return {};
}

}  // namespace

bool fits_weight_group(const Graph& graph, ValueId w) {
  const graph::Value& value = graph.value(w);
  const uint64_t count = value.desc.element_count();
  return value.role == Role::parameter && !value.is_whole_arena && count > 0 && count % kItem == 0;
}

uint32_t index_in_group(const Graph& graph, ValueId maxima, ValueId w) {
  const NodeId producer = graph.value(maxima).producer;
  LOWTIDE_CHECK(producer.is_valid() && graph.node(producer).op == &kQuantizeWeightGroupOp, "not the maxima of a group");
  const std::vector<ValueId>& inputs = graph.node(producer).inputs;
  const auto first = inputs.begin() + kFirstInGroup, it = std::find(first, inputs.end(), w);
  LOWTIDE_CHECK(it != inputs.end(), "a tensor that is not in the group");
  return narrow<uint32_t>(it - first);
}

const graph::OpInfo kQuantizeWeightGroupOp = {.name = "quantize_weight_group",
                                              .fields = kFields,
                                              .param_bytes = sizeof(Params),
                                              .infer = infer_forward,
                                              .lower = lower_forward};

const graph::OpInfo kQuantizeWeightGroupBackwardInputOp = {.name = "quantize_weight_group_backward_input",
                                                           .fields = kFields,
                                                           .param_bytes = sizeof(Params),
                                                           .infer = infer_backward_input,
                                                           .lower = lower_backward_input};

}  // namespace lowtide::ops
