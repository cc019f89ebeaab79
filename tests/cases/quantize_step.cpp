// SPDX-License-Identifier: Apache-2.0
// Cases of the quantisers with a learned step. The gradients are those of the real value level * unit * step, so the
// surrogate makes that value, without rounding and with the rounding's residual as a given constant, and divides by the
// step's start:
//   y = (u(x, step), clipped, + residual) * step / start,  residual = level - u, clipped, at the start
// PACT's rule is the one without the residual.
#include "engine/ops/quantize_step/quantize_step.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/ops/add/add.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/quant/quantizer.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using ops::StepLevels;
using ops::StepRule;

using Build = std::function<Result<CaseGraph>(Graph&)>;

struct Row {
  const char* name;
  StepLevels levels;
  StepRule rule = StepRule::lsq;
};

constexpr Row kUnsigned = {"unsigned", StepLevels::unsigned_levels};
constexpr Row kSigned = {"signed", StepLevels::signed_levels};
constexpr Row kSigns = {"signs", StepLevels::signs};
constexpr Row kOdd = {"odd", StepLevels::odd_levels};
constexpr Row kPact = {"pact", StepLevels::unsigned_levels, StepRule::pact};

constexpr double kStart = 0.37;  // of the parameter

float factor_of(const Row& row, uint32_t bits) {
  return row.rule == StepRule::pact ? quant::level_step(bits) : 1.0f;
}

double lowest(StepLevels levels, uint32_t bits) {
  if (levels == StepLevels::unsigned_levels) return 0;
  return levels == StepLevels::signed_levels ? -std::exp2(bits - 1) : 1 - std::exp2(bits);
}
double highest(StepLevels levels, uint32_t bits) {
  return levels == StepLevels::signed_levels ? std::exp2(bits - 1) - 1 : std::exp2(bits) - 1;
}

// Places over and beyond the range of levels, in a scattered order, none near the clip points.
std::vector<double> places(const Row& row, uint32_t bits, double step, uint64_t count) {
  const double low = lowest(row.levels, bits), high = highest(row.levels, bits);
  const double margin = 0.05 + 1e-3 * high;
  std::vector<double> xs;
  for (uint64_t i = 0; i < count; ++i) {
    const double scattered = std::fmod(0.618033988749895 * static_cast<double>(i + 1), 1.0);
    double u = low - 0.8 + (high - low + 1.6) * scattered;
    for (const double kink : {low, high}) {
      if (std::abs(u - kink) < margin) u = kink + (u < kink ? -margin : margin);
    }
    xs.push_back(u * step * static_cast<double>(ops::step_unit(row.levels)));
  }
  return xs;
}

struct StepInputs {
  ValueId x;
  ValueId parameter;
  ops::LearnedStep step;
};

Result<StepInputs> add_inputs(Graph& g, const std::string& prefix, const Row& row, Shape shape, uint32_t bits,
                              bool is_differentiable, CaseGraph& out) {
  StepInputs in = {
      .x = g.input(prefix + "x", f32_desc(shape)), .parameter = g.input(prefix + "s", f32_desc({})), .step = {}};
  const float factor = factor_of(row, bits);
  const double step = kStart * static_cast<double>(factor);
  out.inputs.push_back({in.x, given(places(row, bits, step, shape.element_count())), is_differentiable});
  out.inputs.push_back({in.parameter, given({kStart}), is_differentiable});
  LOWTIDE_TRY(in.step, ops::learned_step(g, prefix + "step", in.parameter, factor));
  return in;
}

Build quantized(const Row& row, uint32_t bits, Shape shape) {
  return [=](Graph& g) -> Result<CaseGraph> {
    CaseGraph out;
    LOWTIDE_TRY(const StepInputs in, add_inputs(g, "", row, shape, bits, true, out));
    LOWTIDE_TRY(const ValueId y, ops::quantize_step(g, "quantize", in.x, in.step,
                                                    {.levels = row.levels, .bits = bits, .rule = row.rule}));
    out.outputs = {y};
    return out;
  };
}

// level - u of a second pair of inputs, which no difference quotient moves.
Result<ValueId> constant_residual(Graph& g, const Row& row, uint32_t bits, Shape shape, CaseGraph& out) {
  LOWTIDE_TRY(const StepInputs in, add_inputs(g, "start_", row, shape, bits, false, out));
  const ValueId minus = g.input("minus", f32_desc({}));
  out.inputs.push_back({minus, given({-1}), false});
  LOWTIDE_TRY(const ValueId level,
              ops::quantize_step(g, "start_level", in.x, in.step, {.levels = row.levels, .bits = bits}));
  LOWTIDE_TRY(const ValueId u,
              ops::quantize_step(g, "start_u", in.x, in.step, {.levels = row.levels, .bits = bits, .is_rounded = 0}));
  LOWTIDE_TRY(const ValueId minus_u, ops::scale(g, "minus_u", u, minus));
  return ops::add(g, "residual", level, minus_u);
}

Build surrogate(const Row& row, uint32_t bits, Shape shape) {
  return [=](Graph& g) -> Result<CaseGraph> {
    CaseGraph out;
    LOWTIDE_TRY(const StepInputs in, add_inputs(g, "", row, shape, bits, true, out));
    LOWTIDE_TRY(ValueId y, ops::quantize_step(g, "u", in.x, in.step,
                                              {.levels = row.levels, .bits = bits, .rule = row.rule, .is_rounded = 0}));
    if (row.rule != StepRule::pact) {
      LOWTIDE_TRY(const ValueId residual, constant_residual(g, row, bits, shape, out));
      LOWTIDE_TRY(y, ops::add(g, "level", y, residual));
    }
    const ValueId inverse_start = g.input("inverse_start", f32_desc({}));
    out.inputs.push_back({inverse_start, given({1 / (kStart * static_cast<double>(factor_of(row, bits)))}), false});
    LOWTIDE_TRY(y, ops::scale(g, "real", y, in.step.step));
    LOWTIDE_TRY(y, ops::scale(g, "in_start_steps", y, inverse_start));
    out.outputs = {y};
    return out;
  };
}

// Every tie and every level, below, inside and above: x a multiple of half a unit. The inverse step is given, a power
// of two, so that every product is exact.
Build ties(const Row& row, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc({3, 701}));
    const ops::LearnedStep step = {g.input("step", f32_desc({})), g.input("inverse_step", f32_desc({}))};
    LOWTIDE_TRY(const ValueId y,
                ops::quantize_step(g, "quantize", x, step, {.levels = row.levels, .bits = bits, .rule = row.rule}));
    const double tick = 0.5 * 0.25 * static_cast<double>(ops::step_unit(row.levels));
    const double low = 2 * lowest(row.levels, bits) - 4, high = 2 * highest(row.levels, bits) + 4;
    return CaseGraph{.inputs = {{x, integers(low * tick, high * tick, tick), false},
                                {step.step, given({0.25}), false},
                                {step.inverse_step, given({4}), false}},
                     .outputs = {y}};
  };
}

// The parameter above the bound, with a gradient; and below it.
Build bound(double parameter, float factor) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId s = g.input("s", f32_desc({}));
    LOWTIDE_TRY(const ops::LearnedStep step, ops::learned_step(g, "step", s, factor));
    const bool has_gradient = parameter > static_cast<double>(ops::kMinStep);
    CaseGraph out{.inputs = {{s, given({parameter}), has_gradient}}, .outputs = {step.step}};
    if (!has_gradient) out.outputs.push_back(step.inverse_step);
    return out;
  };
}

void add_cases(const Row& row, std::initializer_list<uint32_t> all_bits, std::vector<OpCase>& cases) {
  for (const uint32_t bits : all_bits) {
    const Shape shape = {2, 3, 5, 7 * bits};
    cases.push_back({.name = fmt::format("quantize_step/{}/{}bit", row.name, bits),
                     .build = quantized(row, bits, shape),
                     .outputs_are_exact = true,
                     .build_surrogate = surrogate(row, bits, shape)});
    if (row.rule == StepRule::pact) continue;  // its levels are those of the other rule
    cases.push_back({.name = fmt::format("quantize_step/{}/{}bit/ties", row.name, bits),
                     .build = ties(row, bits),
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
}

}  // namespace

std::vector<OpCase> quantize_step_cases() {
  std::vector<OpCase> cases;
  add_cases(kUnsigned, {1u, 2u, 3u, 4u, 8u}, cases);
  add_cases(kSigned, {2u, 3u, 4u, 8u}, cases);
  add_cases(kSigns, {1u}, cases);
  add_cases(kOdd, {1u, 2u, 3u, 4u, 8u}, cases);
  add_cases(kPact, {1u, 2u, 8u}, cases);
  // Several chunks of the sum, in fours and not.
  for (const Shape& shape : {Shape{5, 29, 31, 12}, Shape{3, 37, 61}}) {
    cases.push_back({.name = "quantize_step/signed/3bit/" + to_string(shape),
                     .build = quantized(kSigned, 3, shape),
                     .outputs_are_exact = true,
                     .tolerance = 3e-5,
                     .build_surrogate = surrogate(kSigned, 3, shape)});
  }
  cases.push_back({.name = "quantize_step_bound/above", .build = bound(0.37, 0.25f)});
  cases.push_back({.name = "quantize_step_bound/above/factor_one", .build = bound(0.37, 1.0f)});
  cases.push_back({.name = "quantize_step_bound/below", .build = bound(-3, 0.25f), .check_gradient = false});
  return cases;
}

}  // namespace lowtide::cases
