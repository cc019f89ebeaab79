// SPDX-License-Identifier: Apache-2.0
// Cases of softmax_cross_entropy: two classes, a prime number, multiples of four, more rows or more classes than a
// workgroup, with and without smoothing.
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> softmax_cross_entropy_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{3, 2}, Shape{7, 10}, Shape{67, 101}, Shape{131, 3}, Shape{11, 12}, Shape{5, 132}}) {
    for (const float smoothing : {0.0f, 0.1f}) {
      cases.push_back(
          {.name = fmt::format("softmax_cross_entropy/{}/smoothing_{}", to_string(shape), smoothing),
           .build = [shape, smoothing](graph::Graph& g) -> Result<CaseGraph> {
             const ValueId logits = g.input("logits", f32_desc(shape));
             const ValueId labels = g.input("labels", {DType::u32, Shape{shape[0]}});
             LOWTIDE_TRY(const ValueId loss, ops::softmax_cross_entropy(g, "loss", logits, labels, smoothing));
             return CaseGraph{.inputs = {{logits, normal(0, 1)}, {labels, integers(0, shape[1] - 1.0), false}},
                              .outputs = {loss}};
           }});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
