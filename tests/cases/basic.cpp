// SPDX-License-Identifier: Apache-2.0
// Cases of add, copy, detach and fill.
#include "engine/ops/add/add.hpp"
#include "engine/ops/copy/copy.hpp"
#include "engine/ops/detach/detach.hpp"
#include "engine/ops/fill/fill.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

const Shape kShapes[] = {Shape{1}, Shape{13, 7}, Shape{3, 11, 13, 31}};

}  // namespace

std::vector<OpCase> add_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : kShapes) {
    cases.push_back({.name = "add/" + to_string(shape), .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId a = g.input("a", f32_desc(shape)), b = g.input("b", f32_desc(shape));
                       LOWTIDE_TRY(const ValueId y, ops::add(g, "add", a, b));
                       return CaseGraph{.inputs = {{a}, {b}}, .outputs = {y}};
                     }});
  }
  // One value used twice and its sum used again: gradients fan in.
  cases.push_back({.name = "add/fan_in", .build = [](graph::Graph& g) -> Result<CaseGraph> {
                     const ValueId a = g.input("a", f32_desc(Shape{5, 33}));
                     LOWTIDE_TRY(const ValueId twice, ops::add(g, "twice", a, a));
                     LOWTIDE_TRY(const ValueId thrice, ops::add(g, "thrice", twice, a));
                     LOWTIDE_TRY(const ValueId y, ops::add(g, "five_times", thrice, twice));
                     return CaseGraph{.inputs = {{a}}, .outputs = {y}};
                   }});
  return cases;
}

std::vector<OpCase> copy_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : kShapes) {
    cases.push_back({.name = "copy/" + to_string(shape),
                     .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       const ValueId x = g.input("x", f32_desc(shape));
                       LOWTIDE_TRY(const ValueId y, ops::copy(g, "copy", x));
                       return CaseGraph{.inputs = {{x}}, .outputs = {y}};
                     },
                     .outputs_are_exact = true});
  }
  return cases;
}

// x + detach(x): the gradient of the detached branch must not come back.
std::vector<OpCase> detach_cases() {
  const auto build = [](graph::Graph& g, bool detached) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(Shape{7, 5}));
    const ValueId constant = g.input("constant", f32_desc(Shape{7, 5}));
    ValueId branch = constant;
    if (detached) {
      LOWTIDE_TRY(branch, ops::detach(g, "detach", x));
    }
    LOWTIDE_TRY(const ValueId y, ops::add(g, "add", x, branch));
    return CaseGraph{.inputs = {{x}, {constant, uniform(-1, 1), false}}, .outputs = {y}};
  };
  return {{.name = "detach/branch",
           .build = [build](graph::Graph& g) { return build(g, true); },
           .build_surrogate = [build](graph::Graph& g) { return build(g, false); }}};
}

std::vector<OpCase> fill_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : kShapes) {
    cases.push_back({.name = "fill/" + to_string(shape),
                     .build = [shape](graph::Graph& g) -> Result<CaseGraph> {
                       LOWTIDE_TRY(const ValueId y, ops::fill(g, "fill", f32_desc(shape), -1.5f));
                       return CaseGraph{.inputs = {}, .outputs = {y}};
                     },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
