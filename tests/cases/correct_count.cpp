// SPDX-License-Identifier: Apache-2.0
// Cases of correct_count; integer logits make ties, of which the first counts.
#include "engine/ops/correct_count/correct_count.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> correct_count_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{13, 2}, Shape{37, 10}, Shape{257, 5}}) {
    cases.push_back({.name = "correct_count/" + to_string(shape),
                     .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId logits = g.input("logits", f32_desc(shape));
                       const ValueId labels = g.input("labels", {DType::u32, Shape{shape[0]}});
                       LOWTIDE_TRY(const ValueId y, ops::correct_count(g, "correct", logits, labels));
                       return CaseGraph{
                           .inputs = {{logits, integers(-2, 2), false}, {labels, integers(0, shape[1] - 1.0), false}},
                           .outputs = {y}};
                     },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
