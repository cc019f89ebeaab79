// SPDX-License-Identifier: Apache-2.0
// Cases of mse, kl_divergence and dot: scalars out of two operands of one shape.
#include <fmt/format.h>

#include "engine/ops/dot/dot.hpp"
#include "engine/ops/kl_divergence/kl_divergence.hpp"
#include "engine/ops/mse/mse.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

std::vector<OpCase> dot_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1}, Shape{13, 7}, Shape{3, 11, 13, 31}, Shape{5, 3, 28}, Shape{3, 41, 52}}) {
    cases.push_back({.name = "dot/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId a = g.input("a", f32_desc(shape)), b = g.input("b", f32_desc(shape));
                       LOWTIDE_TRY(const ValueId y, ops::dot(g, "dot", a, b, 0.5f));
                       return CaseGraph{.inputs = {{a}, {b}}, .outputs = {y}};
                     }});
  }
  cases.push_back({.name = "dot/l2_regularisation", .build = [](graph::Graph& g) -> Result<CaseGraph> {
                     const ValueId w = g.input("w", f32_desc(Shape{67, 3}));
                     LOWTIDE_TRY(const ValueId y, ops::dot(g, "l2", w, w, 0.5e-1f));
                     return CaseGraph{.inputs = {{w}}, .outputs = {y}};
                   }});
  return cases;
}

std::vector<OpCase> mse_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 1}, Shape{13, 7}, Shape{3, 17, 13, 31}, Shape{5, 3, 28}, Shape{3, 41, 52}}) {
    cases.push_back({.name = "mse/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId a = g.input("a", f32_desc(shape)), b = g.input("b", f32_desc(shape));
                       LOWTIDE_TRY(const ValueId y, ops::mse(g, "mse", a, b));
                       return CaseGraph{.inputs = {{a}, {b}}, .outputs = {y}};
                     }});
  }
  return cases;
}

std::vector<OpCase> kl_divergence_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{1, 2}, Shape{7, 10}, Shape{67, 101}, Shape{3, 64}}) {
    for (const float temperature : {1.0f, 4.0f}) {
      cases.push_back(
          {.name = fmt::format("kl_divergence/{}/temperature_{}", to_string(shape), temperature),
           .build = [shape, temperature](graph::Graph& g) -> Result<CaseGraph> {
             const ValueId logits = g.input("logits", f32_desc(shape));
             const ValueId target = g.input("target", f32_desc(shape));
             LOWTIDE_TRY(const ValueId y, ops::kl_divergence(g, "kl", logits, target, temperature));
             return CaseGraph{.inputs = {{logits, normal(0, 2)}, {target, normal(0, 2), false}}, .outputs = {y}};
           }});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
