// SPDX-License-Identifier: Apache-2.0
// Cases of absolute: a few elements, a prime number of them, more than one workgroup.
#include "engine/ops/absolute/absolute.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> absolute_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 4}, Shape{3, 7}, Shape{2, 5, 3, 33}, Shape{3, 11, 13, 31}}) {
    cases.push_back({.name = "absolute/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId x = g.input("x", f32_desc(shape));
                       LOWTIDE_TRY(const ValueId y, ops::absolute(g, "absolute", x));
                       return CaseGraph{.inputs = {{x, uniform(-1, 1, {0.0})}}, .outputs = {y}};
                     }});
  }
  return cases;
}

}  // namespace lowtide::cases
