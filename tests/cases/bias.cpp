// SPDX-License-Identifier: Apache-2.0
// Cases of bias: one channel, channels in fours and not, more rows than one workgroup takes.
#include "engine/ops/bias/bias.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> bias_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{3, 1}, Shape{7, 10}, Shape{37, 68}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    cases.push_back({.name = "bias/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId x = g.input("x", f32_desc(shape));
                       const ValueId b = g.parameter("b", Shape{shape.last()});
                       LOWTIDE_TRY(const ValueId y, ops::bias(g, "bias", x, b));
                       return CaseGraph{.inputs = {{x}, {b}}, .outputs = {y}};
                     }});
  }
  return cases;
}

}  // namespace lowtide::cases
