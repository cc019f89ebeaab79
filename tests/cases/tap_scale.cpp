// SPDX-License-Identifier: Apache-2.0
// Cases of tap_scale: channels in fours and not, kernels that are not square, one tap, more products than a workgroup
// has invocations.
#include "engine/ops/tap_scale/tap_scale.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> tap_scale_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 3, 3, 7}, Shape{3, 2, 5, 8}, Shape{7, 1, 1, 13}, Shape{37, 3, 3, 36}}) {
    cases.push_back(
        {.name = fmt::format("tap_scale/{}", to_string(shape)), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId x = g.input("x", f32_desc(shape));
           const ValueId scale = g.input("scale", f32_desc(Shape{shape[1] * shape[2]}));
           LOWTIDE_TRY(const ValueId y, ops::tap_scale(g, "tap_scale", x, scale));
           return CaseGraph{.inputs = {{x, uniform(-1, 1)}, {scale, uniform(0.1, 2)}}, .outputs = {y}};
         }});
  }
  return cases;
}

}  // namespace lowtide::cases
