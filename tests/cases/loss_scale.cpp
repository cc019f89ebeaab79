// SPDX-License-Identifier: Apache-2.0
// Cases of loss_scale: steps that count and that do not, at both ends of its range, before and at the doubling.
#include "engine/ops/loss_scale/loss_scale.hpp"

#include <limits>

#include "engine/ops/add/add.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

// The count is seen through a sum, since a count of 0 could not be told from nothing.
OpCase scale_case(const std::string& name, double scale, double count, double finite) {
  const auto build = [=](graph::Graph& g) -> Result<CaseGraph> {
    const TensorDesc one = f32_desc(Shape{});
    const ops::LossScaleState state = {g.state("scale", one), g.state("count", one)};
    const ValueId counts = g.input("finite", one), seven = g.input("seven", one);
    LOWTIDE_TRY(const ValueId used, ops::loss_scale(g, "loss_scale", state, counts, {.interval = 5}));
    LOWTIDE_TRY(const ValueId moved, ops::add(g, "count_and_seven", state.count, seven));
    return CaseGraph{.inputs = {{state.scale, given({scale}), false},
                                {state.count, given({count}), false},
                                {counts, given({finite}), false},
                                {seven, given({7}), false}},
                     .outputs = {state.scale, used, moved}};
  };
  return {.name = "loss_scale/" + name, .build = build, .check_gradient = false, .outputs_are_exact = true};
}

}  // namespace

std::vector<OpCase> loss_scale_cases() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  return {scale_case("counts", 1024, 2, 0.5),
          scale_case("doubles", 1024, 4, -3),
          scale_case("stays_below_its_end", 16777216, 4, 1),
          scale_case("halves", 1024, 3, nan),
          scale_case("halves_at_infinity", 65536, 4, inf),
          scale_case("stays_above_one", 1, 2, -inf)};
}

}  // namespace lowtide::cases
