// SPDX-License-Identifier: Apache-2.0
// Cases of global_average_pool: one pixel, primes, channels in fours and not.
#include "engine/ops/global_average_pool/global_average_pool.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> global_average_pool_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{2, 1, 1, 3}, Shape{3, 5, 7, 8}, Shape{2, 7, 3, 33}, Shape{5, 13, 11, 68}}) {
    cases.push_back(
        {.name = "global_average_pool/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
           const ValueId x = g.input("x", f32_desc(shape));
           LOWTIDE_TRY(const ValueId y, ops::global_average_pool(g, "pool", x));
           return CaseGraph{.inputs = {{x}}, .outputs = {y}};
         }});
  }
  return cases;
}

}  // namespace lowtide::cases
