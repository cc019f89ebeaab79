// SPDX-License-Identifier: Apache-2.0
// Cases of dropout: counts in fours and not, several workgroups, probabilities from none to nearly all.
#include "engine/ops/dropout/dropout.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> dropout_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 7}, Shape{3, 8}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    for (const float probability : {0.0f, 0.3f, 0.8f}) {
      cases.push_back({.name = fmt::format("dropout/{}/{}", to_string(shape), probability),
                       .build = [shape, probability](graph::Graph& g) -> Result<CaseGraph> {
                         const ValueId x = g.input("x", f32_desc(shape));
                         LOWTIDE_TRY(const ValueId y, ops::dropout(g, "dropout", x, probability, 7));
                         return CaseGraph{.inputs = {{x, uniform(0.5, 1)}}, .outputs = {y}};
                       }});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
