// SPDX-License-Identifier: Apache-2.0
// Cases of affine: channels in fours and not, rank 2 and 4; small integers, whose products and sums are exact.
#include "engine/ops/affine/affine.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

std::function<Result<CaseGraph>(graph::Graph&)> affine_of(Shape shape, Distribution distribution) {
  return [=](graph::Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ValueId multiplier = g.parameter("multiplier", Shape{shape.last()});
    const ValueId offset = g.parameter("offset", Shape{shape.last()});
    LOWTIDE_TRY(const ValueId y, ops::affine(g, "affine", x, multiplier, offset));
    return CaseGraph{.inputs = {{x, distribution}, {multiplier, distribution}, {offset, distribution}}, .outputs = {y}};
  };
}

}  // namespace

std::vector<OpCase> affine_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{3, 1}, Shape{7, 10}, Shape{37, 68}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    cases.push_back({.name = "affine/" + to_string(shape), .build = affine_of(shape, uniform(-0.5, 1))});
    cases.push_back({.name = "affine/" + to_string(shape) + "/integers",
                     .build = affine_of(shape, integers(-64, 64)),
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
