// SPDX-License-Identifier: Apache-2.0
// Cases of reshape: views have no storage, so each stands between two ops that have.
#include "engine/ops/reshape/reshape.hpp"

#include "engine/ops/bias/bias.hpp"
#include "engine/ops/relu/relu.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> reshape_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 1, 1, 5}, Shape{2, 3, 5, 7}, Shape{3, 5, 7, 4}, Shape{5, 3, 11}}) {
    cases.push_back(
        {.name = "reshape/flatten/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId x = g.input("x", f32_desc(shape));
           LOWTIDE_TRY(const ValueId positive, ops::relu(g, "relu", x));
           LOWTIDE_TRY(const ValueId flat, ops::flatten(g, "flatten", positive));
           const ValueId b = g.parameter("b", Shape{g.desc(flat).shape.last()});
           LOWTIDE_TRY(const ValueId y, ops::bias(g, "bias", flat, b));
           return CaseGraph{.inputs = {{x, uniform(-1, 1, {0.0})}, {b}}, .outputs = {y}};
         }});
  }
  return cases;
}

}  // namespace lowtide::cases
