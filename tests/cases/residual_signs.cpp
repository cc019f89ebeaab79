// SPDX-License-Identifier: Apache-2.0
// Cases of residual_signs: whole words, tails, and sums that are zero or beyond the bounds. All is exact.
#include "engine/ops/residual_signs/residual_signs.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> residual_signs_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 4}, Shape{3, 7}, Shape{2, 5, 3, 33}, Shape{2, 3, 5, 36}, Shape{3, 5, 13, 64}}) {
    for (const auto& [lo, hi] : {std::pair{-1.0f, 1.0f}, std::pair{0.0f, 0.75f}}) {
      cases.push_back({.name = fmt::format("residual_signs/{}/{}_to_{}", to_string(shape), lo, hi),
                       .build = [shape, lo = lo, hi = hi](graph::Graph& g) -> Result<CaseGraph> {
                         const ValueId a = g.input("a", f32_desc(shape)), b = g.input("b", f32_desc(shape));
                         LOWTIDE_TRY(const ops::ResidualSigns r, ops::residual_signs(g, "residual", a, b, {lo, hi}));
                         return CaseGraph{
                             .inputs = {{a, integers(-1.5, 1.5, 0.25), false}, {b, integers(-1, 1, 0.25), false}},
                             .outputs = {r.y, r.codes}};
                       },
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
