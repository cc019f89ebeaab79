// SPDX-License-Identifier: Apache-2.0
// correct_count: one workgroup walks over the rows.
#include "engine/ops/correct_count/correct_count.hpp"

#include "engine/ops/rules.hpp"
#include "gen/kernels/correct_count.hpp"
#include "shaders/correct_count/correct_count.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the logits"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 2, "the logits"));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(1), DType::u32, "the labels"));
  if (graph.desc(node.in(1)).shape != Shape{graph.desc(node.in(0)).shape[0]}) {
    return fail(ErrorCode::invalid_argument, "there must be one label per row of the logits");
  }
  return std::vector{f32_desc(Shape{})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const shaders::CorrectCountParams params = {.rows = shape[0], .classes = shape[1]};
  if (target.naive_only) {
    out.add(kernels::correct_count_forward_naive{.logits = node.in(0), .labels = node.in(1), .y = node.out()}, params,
            Groups{});
  } else {
    out.add(kernels::correct_count_forward{.logits = node.in(0), .labels = node.in(1), .y = node.out()}, params,
            Groups{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kCorrectCountOp = {
    .name = "correct_count", .param_bytes = sizeof(NoParams), .infer = infer, .lower = lower};

Result<ValueId> correct_count(Graph& graph, std::string name, ValueId logits, ValueId labels) {
  return append_one(graph, kCorrectCountOp, std::move(name), NoParams{}, {logits, labels});
}

}  // namespace lowtide::ops
