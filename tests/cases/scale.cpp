// SPDX-License-Identifier: Apache-2.0
// Cases of scale: a scalar and one factor per channel, channels in fours and not.
#include "engine/ops/scale/scale.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> scale_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape :
       {Shape{}, Shape{3, 1}, Shape{7, 10}, Shape{37, 68}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    for (const bool is_scalar : {false, true}) {
      cases.push_back({.name = "scale/" + to_string(shape) + (is_scalar ? "/scalar" : "/channel"),
                       .build = [shape, is_scalar](graph::Graph& g) -> Result<CaseGraph> {
                         const ValueId x = g.input("x", f32_desc(shape));
                         const ValueId s = g.parameter("s", is_scalar ? Shape{} : Shape{shape.last()});
                         LOWTIDE_TRY(const ValueId y, ops::scale(g, "scale", x, s));
                         return CaseGraph{.inputs = {{x, uniform(-0.5, 1)}, {s, uniform(0.5, 2)}}, .outputs = {y}};
                       }});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
