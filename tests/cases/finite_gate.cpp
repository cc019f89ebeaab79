// SPDX-License-Identifier: Apache-2.0
// Cases of finite_gate: what a value behind it moves, which is everything or nothing. The value is a scale of nine
// numbers; where the gate is NaN, running values that ask it stay as they are.
#include "engine/ops/finite_gate/finite_gate.hpp"

#include <fmt/format.h>

#include <limits>

#include "engine/ops/batch_norm/batch_norm.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

// `numbers`: x, then its conditions.
OpCase gate_case(const std::string& name, const std::vector<double>& numbers) {
  return {.name = "finite_gate/" + name,
          .build = [numbers](graph::Graph& g) -> Result<CaseGraph> {
            CaseGraph out;
            std::vector<ValueId> ids;
            for (const double number : numbers) {
              ids.push_back(g.input(fmt::format("x{}", ids.size()), f32_desc(Shape{})));
              out.inputs.push_back({ids.back(), given({number}), false});
            }
            LOWTIDE_TRY(const ValueId gate, ops::finite_gate(g, "gate", ids[0], {ids.begin() + 1, ids.end()}));
            const TensorDesc desc = f32_desc(Shape{9});
            const ops::BatchNormValues values = {.running_mean = g.state("running_mean", desc),
                                                 .running_variance = g.state("running_variance", desc)};
            const ops::BatchNormed batch = {.mean = g.input("mean", desc), .variance = g.input("variance", desc)};
            LOWTIDE_TRY_VOID(ops::batch_norm_running(g, "running", values, batch, {.momentum = 0.5f}, gate));
            for (const ValueId id : {values.running_mean, values.running_variance, batch.mean, batch.variance}) {
              out.inputs.push_back({id, integers(-9, 9), false});
            }
            out.outputs = {values.running_mean, values.running_variance};
            return out;
          },
          .check_gradient = false,
          .outputs_are_exact = true};
}

}  // namespace

std::vector<OpCase> finite_gate_cases() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  std::vector<OpCase> cases = {gate_case("finite", {0.5, 1, -2, 0, 3e38, 1, 7}), gate_case("two", {0.5, 1}),
                               gate_case("value_nan", {nan, 1}), gate_case("value_inf", {-inf, 1, 2}),
                               gate_case("nine", {1, 2, 3, 4, 5, 6, 7, 8, 9})};
  for (size_t bad = 1; bad < 9; ++bad) {
    std::vector<double> numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    numbers[bad] = bad % 2 == 0 ? nan : inf;
    cases.push_back(gate_case(fmt::format("condition_{}", bad), numbers));
  }
  return cases;
}

}  // namespace lowtide::cases
