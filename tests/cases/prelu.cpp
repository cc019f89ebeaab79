// SPDX-License-Identifier: Apache-2.0
// Cases of prelu: one channel, channels in fours and not, several blocks of rows.
#include "engine/ops/prelu/prelu.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> prelu_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 1}, Shape{7, 10}, Shape{37, 68}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    cases.push_back(
        {.name = "prelu/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId x = g.input("x", f32_desc(shape));
           const ValueId slope = g.parameter("slope", Shape{shape.last()});
           LOWTIDE_TRY(const ValueId y, ops::prelu(g, "prelu", x, slope));
           return CaseGraph{.inputs = {{x, uniform(-1, 1, {0.0})}, {slope, uniform(0.1, 0.5)}}, .outputs = {y}};
         }});
  }
  return cases;
}

}  // namespace lowtide::cases
