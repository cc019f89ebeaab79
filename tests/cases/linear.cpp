// SPDX-License-Identifier: Apache-2.0
// Cases of linear: small ones through the op and its gradients, larger ones through each of the three ops alone, and
// levels, whose sums are integers and must come out exactly.
#include "engine/ops/linear/linear.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

struct Row {
  uint32_t n, c, k;
  float output_scale = 1.0f;
  ops::Operands operands = ops::Operands::f32;
};

OpCase whole_case(const Row& row) {
  return {.name = fmt::format("linear/n{}_c{}_k{}", row.n, row.c, row.k),
          .build = [row](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId x = g.input("x", f32_desc({row.n, row.c})), w = g.parameter("w", {row.k, row.c});
            LOWTIDE_TRY(const ValueId y, ops::linear(g, "linear", x, w, {row.output_scale}));
            return CaseGraph{.inputs = {{x}, {w}}, .outputs = {y}};
          }};
}

OpCase single_case(const graph::OpInfo& op, const Row& row, bool is_exact) {
  const graph::OpInfo* const info = &op;
  OpCase op_case = {.name = fmt::format("{}{}{}/n{}_c{}_k{}", op.name, is_exact ? "/levels" : "",
                                        row.operands == ops::Operands::f16 ? "/operands_f16" : "", row.n, row.c, row.k),
                    .check_gradient = false,
                    .outputs_are_exact = is_exact};
  op_case.build = [row, info, is_exact](graph::Graph& g) -> Result<CaseGraph> {
    const Shape x = {row.n, row.c}, w = {row.k, row.c}, y = {row.n, row.k};
    const bool is_forward = info == &ops::kLinearOp, is_backward_input = info == &ops::kLinearBackwardInputOp;
    const ValueId a = g.input("a", f32_desc(is_backward_input ? w : x));
    const ValueId b = g.input("b", f32_desc(is_forward ? w : y));
    LOWTIDE_TRY(const ValueId result,
                append_one(g, *info, "op", ops::LinearParams{row.output_scale, row.operands}, {a, b}));
    const Distribution levels = integers(-15, 15, 2);
    return CaseGraph{.inputs = {{a, is_exact ? levels : uniform(-1, 1)}, {b, is_exact ? levels : uniform(-1, 1)}},
                     .outputs = {result}};
  };
  return op_case;
}

}  // namespace

std::vector<OpCase> linear_cases() {
  std::vector<OpCase> cases;
  for (const Row& row : {Row{1, 1, 1}, Row{3, 7, 5}, Row{2, 13, 10, 0.7f}, Row{17, 4, 3}}) {
    cases.push_back(whole_case(row));
  }
  for (const graph::OpInfo* op : {&ops::kLinearOp, &ops::kLinearBackwardInputOp, &ops::kLinearBackwardWeightOp}) {
    for (const Row& row : {Row{67, 65, 31}, Row{131, 33, 64, 3.0f}, Row{1, 257, 10}, Row{33, 1000, 17}}) {
      cases.push_back(single_case(*op, row, false));
    }
    for (const Row& row : {Row{5, 64, 33, 0.25f}, Row{67, 31, 65, 0.125f}}) {
      cases.push_back(single_case(*op, row, true));
    }
    cases.push_back(single_case(*op, {70, 132, 36, 0.5f, ops::Operands::f16}, true));
  }
  return cases;
}

}  // namespace lowtide::cases
