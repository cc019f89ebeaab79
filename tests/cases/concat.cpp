// SPDX-License-Identifier: Apache-2.0
// Cases of concat: two and three inputs, channels in fours, in fours only in part, and not.
#include "engine/ops/concat/concat.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> concat_cases() {
  std::vector<OpCase> cases;
  for (const std::vector<uint32_t>& channels :
       {std::vector<uint32_t>{1, 3}, {5, 7}, {4, 8}, {3, 4, 1}, {36, 32, 68}, {4, 6, 8}}) {
    std::string name = "concat/[3, 5, 7]";
    for (const uint32_t c : channels) name += fmt::format("_{}", c);
    cases.push_back({.name = name, .build = [channels](graph::Graph& g) -> Result<CaseGraph> {
                       CaseGraph out;
                       std::vector<ValueId> inputs;
                       for (const uint32_t c : channels) {
                         inputs.push_back(g.input(fmt::format("x{}", inputs.size()), f32_desc(Shape{3, 5, 7, c})));
                         out.inputs.push_back({inputs.back()});
                       }
                       LOWTIDE_TRY(const ValueId y, ops::concat(g, "concat", inputs));
                       out.outputs = {y};
                       return out;
                     }});
  }
  return cases;
}

}  // namespace lowtide::cases
