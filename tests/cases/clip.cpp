// SPDX-License-Identifier: Apache-2.0
// Cases of clip: bounds of both signs, and the backward pass alone on elements that lie on the bounds.
#include "engine/ops/clip/clip.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> clip_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 4}, Shape{3, 7}, Shape{2, 5, 3, 33}, Shape{3, 11, 13, 32}}) {
    for (const auto& [lo, hi] : {std::pair{-0.5f, 0.75f}, std::pair{0.25f, 1.0f}}) {
      const std::string name = fmt::format("{}/{}_to_{}", to_string(shape), lo, hi);
      cases.push_back(
          {.name = "clip/" + name, .build = [shape, lo = lo, hi = hi](graph::Graph& g) -> Result<CaseGraph> {
             const ValueId x = g.input("x", f32_desc(shape));
             LOWTIDE_TRY(const ValueId y, ops::clip(g, "clip", x, lo, hi));
             return CaseGraph{.inputs = {{x, uniform(-1.5, 1.5, {lo, hi})}}, .outputs = {y}};
           }});
      cases.push_back(
          {.name = "clip_backward_input/" + name,
           .build = [shape, lo = lo, hi = hi](graph::Graph& g) -> Result<CaseGraph> {
             const ValueId x = g.input("x", f32_desc(shape));
             const ValueId dy = g.input("dy", f32_desc(shape));
             LOWTIDE_TRY(const ValueId dx,
                         append_one(g, ops::kClipBackwardOp, "clip_backward", ops::ClipOpParams{lo, hi}, {x, dy}));
             return CaseGraph{.inputs = {{x, integers(-1.5, 1.5, 0.25), false}, {dy, uniform(-1, 1), false}},
                              .outputs = {dx}};
           },
           .check_gradient = false,
           .outputs_are_exact = true});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
