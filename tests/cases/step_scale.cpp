// SPDX-License-Identifier: Apache-2.0
// Cases of step_scale: counts in fours and not, several workgroups, factors of both signs.
#include "engine/ops/step_scale/step_scale.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> step_scale_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 7}, Shape{3, 8}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    for (const float factor : {1.0f, -3.0f}) {
      cases.push_back({.name = fmt::format("step_scale/{}/{}", to_string(shape), factor),
                       .build = [shape, factor](graph::Graph& g) -> Result<CaseGraph> {
                         const ValueId x = g.input("x", f32_desc(shape));
                         LOWTIDE_TRY(const ValueId y, ops::step_scale(g, "step_scale", x, factor));
                         return CaseGraph{.inputs = {{x, uniform(-1, 1)}}, .outputs = {y}};
                       }});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
