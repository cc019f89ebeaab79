// SPDX-License-Identifier: Apache-2.0
// Cases of normalize_pixels: every pixel value; elements that do and do not come in fours. All is exact.
#include "engine/ops/normalize_pixels/normalize_pixels.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> normalize_pixels_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 16, 9, 1}, Shape{3, 7, 12, 3}, Shape{1, 5, 5, 3},
                             Shape{1, 8, 9, 4}, Shape{2, 3, 5, 5}, Shape{2, 7, 4, 5}}) {
    cases.push_back(
        {.name = fmt::format("normalize_pixels/{}", to_string(shape)),
         .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId x = g.input("x", {DType::u8, shape});
           const ValueId table = g.input("table", f32_desc({shape.last(), ops::kPixelValues}));
           LOWTIDE_TRY(const ValueId y, ops::normalize_pixels(g, "normalize", x, table));
           return CaseGraph{.inputs = {{x, integers(0, 255), false}, {table, uniform(-2, 2), false}}, .outputs = {y}};
         },
         .check_gradient = false,
         .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
