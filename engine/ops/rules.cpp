// SPDX-License-Identifier: Apache-2.0
// Shared pieces of shape rules.
#include "engine/ops/rules.hpp"

#include <fmt/format.h>

namespace lowtide::ops {

void check_input_count(const graph::Node& node, size_t count) {
  LOWTIDE_CHECK(node.inputs.size() == count, fmt::format("{} takes {} inputs", node.op->name, count));
}

Result<void> expect_dtype(const graph::Graph& graph, ValueId id, DType dtype, const char* what) {
  if (graph.desc(id).dtype == dtype) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} must be {}, but '{}' is {}", what, dtype_name(dtype),
                                                       graph.value(id).name, to_string(graph.desc(id))));
}

Result<void> expect_rank(const graph::Graph& graph, ValueId id, uint32_t rank, const char* what) {
  if (graph.desc(id).shape.rank() == rank) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} must have {} extents, but '{}' is {}", what, rank,
                                                       graph.value(id).name, to_string(graph.desc(id))));
}

Result<void> expect_same_desc(const graph::Graph& graph, ValueId a, ValueId b, const char* what) {
  if (graph.desc(a) == graph.desc(b)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} must be described alike, but '{}' is {} and '{}' is {}", what, graph.value(a).name,
                          to_string(graph.desc(a)), graph.value(b).name, to_string(graph.desc(b))));
}

Result<void> expect_per_channel(const graph::Graph& graph, ValueId x, ValueId per_channel, const char* what) {
  if (graph.desc(per_channel) == f32_desc(Shape{graph.desc(x).shape.last()})) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} must hold one f32 per channel of '{}' {}, but it is {}", what, graph.value(x).name,
                          to_string(graph.desc(x)), to_string(graph.desc(per_channel))));
}

Descs infer_like_input(const graph::Node& node, const graph::Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_like_equal_inputs(const graph::Node& node, const graph::Graph& graph) {
  LOWTIDE_CHECK(!node.inputs.empty(), "an op without inputs");
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the first input"));
  for (const ValueId id : node.inputs) LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), id, "the inputs"));
  return std::vector{graph.desc(node.in(0))};
}

}  // namespace lowtide::ops
