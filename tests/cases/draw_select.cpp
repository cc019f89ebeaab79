// SPDX-License-Identifier: Apache-2.0
// Cases of draw_select: streams that draw either input at the tests' step block, counts in fours and not, several
// workgroups. Its gradient is straight-through, so finite differences run on the selection that is always the first.
#include "engine/ops/draw_select/draw_select.hpp"

#include <fmt/format.h>

#include "engine/base/rng.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

// The first stream that draws so: half of them do.
uint32_t stream_that_draws(bool first) {
  constexpr uint64_t kSeed = 12345;  // harness::test_step()
  constexpr uint32_t kStep = 3;
  uint32_t stream = 0;
  while ((unit_float(philox(kSeed, 0, stream, kStep)[0]) < 0.5f) != first) ++stream;
  return stream;
}

}  // namespace

std::vector<OpCase> draw_select_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 7}, Shape{3, 8}, Shape{2, 5, 3, 33}, Shape{5, 29, 31, 12}}) {
    for (const bool first : {true, false}) {
      const auto build = [shape](uint32_t stream) {
        return [=](graph::Graph& g) -> Result<CaseGraph> {
          const ValueId a = g.input("a", f32_desc(shape));
          const ValueId b = g.input("b", f32_desc(shape));
          LOWTIDE_TRY(const ValueId y, ops::draw_select(g, "select", a, b, stream));
          return CaseGraph{.inputs = {{a, uniform(0.5, 1)}, {b, uniform(-1, -0.5), false}}, .outputs = {y}};
        };
      };
      cases.push_back({.name = fmt::format("draw_select/{}/{}", to_string(shape), first ? "first" : "second"),
                       .build = build(stream_that_draws(first)),
                       .outputs_are_exact = true,
                       .build_surrogate = build(stream_that_draws(true))});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
