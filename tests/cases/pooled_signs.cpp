// SPDX-License-Identifier: Apache-2.0
// Cases of pooled_signs: whole words, tails, padding, windows that overlap or leave pixels out. All is exact. Values
// are mostly negative, so that padding that won would show.
#include "engine/ops/pooled_signs/pooled_signs.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> pooled_signs_cases() {
  struct Row {
    Shape x;
    ops::Pool2dOpParams pool;
    float lo, hi;
  };
  const ops::Pool2dOpParams overlapping = {
      .kernel_h = 3, .kernel_w = 3, .stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1};
  const ops::Pool2dOpParams disjoint = {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
  const ops::Pool2dOpParams skewed = {.kernel_h = 2, .kernel_w = 3, .stride_h = 3, .stride_w = 1, .pad_w = 1};
  const Row rows[] = {{{1, 1, 1, 4}, {.kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1}, -1, 1},
                      {{2, 9, 8, 64}, overlapping, -1, 1},
                      {{1, 7, 6, 36}, overlapping, -INFINITY, INFINITY},
                      {{3, 6, 5, 33}, disjoint, 0, INFINITY},
                      {{2, 8, 11, 7}, skewed, -0.5f, 0.75f},
                      {{1, 8, 11, 68}, skewed, -0.5f, 0.75f}};
  std::vector<OpCase> cases;
  for (const Row& row : rows) {
    cases.push_back({.name = fmt::format("pooled_signs/{}/{}x{}/{}_to_{}", to_string(row.x), row.pool.kernel_h,
                                         row.pool.kernel_w, row.lo, row.hi),
                     .build = [row](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId x = g.input("x", f32_desc(row.x));
                       const ops::PooledSignsOpParams params = {row.pool, row.lo, row.hi};
                       LOWTIDE_TRY(const graph::Node* node,
                                   g.append(ops::kPooledSignsOp, "pool", &params, sizeof params, {x}));
                       return CaseGraph{.inputs = {{x, integers(-4, 0.75, 0.125), false}}, .outputs = node->outputs};
                     },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
