// SPDX-License-Identifier: Apache-2.0
// Cases of channel_dot: one row, one channel, channels in fours and not, several blocks of rows.
#include "engine/ops/channel_dot/channel_dot.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> channel_dot_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 5}, Shape{67, 1}, Shape{7, 10}, Shape{37, 68}, Shape{2, 5, 3, 33},
                             Shape{5, 29, 31, 12}, Shape{11, 13, 37, 3}}) {
    cases.push_back(
        {.name = "channel_dot/" + to_string(shape),
         .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId a = g.input("a", f32_desc(shape));
           const ValueId b = g.input("b", f32_desc(shape));
           LOWTIDE_TRY(const ValueId y, ops::channel_dot(g, "dot", a, b));
           return CaseGraph{.inputs = {{a, uniform(-0.5, 1), false}, {b, uniform(-0.5, 1), false}}, .outputs = {y}};
         },
         .check_gradient = false});
  }
  return cases;
}

}  // namespace lowtide::cases
