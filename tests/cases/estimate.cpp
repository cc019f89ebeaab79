// SPDX-License-Identifier: Apache-2.0
// Cases of estimate: each rule against its surrogate, and the backward pass alone on elements that lie on the window
// and on gradients of both signs, which is where ewgs is tested, as its rule is the derivative of nothing.
#include "engine/ops/estimate/estimate.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using ops::EstimatorRule;

struct Row {
  const char* name;
  EstimatorRule rule;
};
constexpr Row kRows[] = {{"aqe_g1", EstimatorRule::aqe_g1},
                         {"aqe_g2", EstimatorRule::aqe_g2},
                         {"aqe_g3", EstimatorRule::aqe_g3},
                         {"bireal", EstimatorRule::bireal},
                         {"ewgs", EstimatorRule::ewgs}};

std::function<Result<CaseGraph>(Graph&)> forward(Shape shape, EstimatorRule rule, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ValueId levels = g.input("levels", f32_desc(shape));
    const ops::EstimateOpParams params = {.rule = rule, .step = 0.25f, .window = 0.75f, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, ops::estimate(g, "estimate", x, levels, params));
    return CaseGraph{
        .inputs = {{x, uniform(-1.5, 1.5, {-1.0, -0.75, 0.0, 0.75, 1.0})}, {levels, integers(-4, 4), false}},
        .outputs = {y}};
  };
}

std::function<Result<CaseGraph>(Graph&)> backward(Shape shape, EstimatorRule rule) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ValueId levels = g.input("levels", f32_desc(shape));
    const ValueId dy = g.input("dy", f32_desc(shape));
    const ops::EstimateOpParams params = {.rule = rule, .step = 0.25f, .window = 0.75f, .scaling = 0.3f};
    LOWTIDE_TRY(const ValueId dx,
                append_one(g, ops::kEstimateBackwardInputOp, "backward", params, {x, levels, g.step_block(), dy}));
    return CaseGraph{.inputs = {{x, integers(-1.25, 1.25, 0.125), false},
                                {levels, integers(-4, 4), false},
                                {dy, integers(-1, 1, 0.125), false}},
                     .outputs = {dx}};
  };
}

}  // namespace

std::vector<OpCase> estimate_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{3, 5, 7, 11}, Shape{5, 3, 7, 12}}) {
    for (const Row& row : kRows) {
      cases.push_back({.name = fmt::format("estimate/{}/{}", row.name, to_string(shape)),
                       .build = forward(shape, row.rule, 1),
                       .outputs_are_exact = !ops::has_blend(row.rule),
                       .build_surrogate = forward(shape, row.rule, 0)});
      cases.push_back({.name = fmt::format("estimate_backward_input/{}/{}", row.name, to_string(shape)),
                       .build = backward(shape, row.rule),
                       .check_gradient = false});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
