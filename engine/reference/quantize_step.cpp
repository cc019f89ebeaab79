// SPDX-License-Identifier: Apache-2.0
// Reference of the quantisers with a learned step. Levels are decided in f32, by the operations that devices do;
// surrogates and gradients are double. Twin of shaders/quantize_step/level_rule.glsl.
#include "engine/ops/quantize_step/quantize_step.hpp"

#include <algorithm>

#include "engine/quant/quantizer.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

using Params = ops::QuantizeStepOpParams;
using ops::StepLevels;

struct Range {
  double low;
  double high;
};

Range range_of(const Params& params) {
  const double n = quant::max_code(params.bits), half = 1u << (params.bits - 1);
  switch (params.levels) {
    case StepLevels::unsigned_levels:
      return {0, n};
    case StepLevels::signed_levels:
      return {-half, half - 1};
    case StepLevels::signs:
      return {-1, 1};
    case StepLevels::odd_levels:
      return {-n, n};
  }
  return {};
}

double levels_per_step(const Params& params) {
  return params.levels == StepLevels::odd_levels ? 2 : 1;
}

float level_of(double x, double inverse_step, const Params& params) {
  const float place = static_cast<float>(x) * static_cast<float>(inverse_step);
  if (params.levels == StepLevels::signs) return quant::quantize_sign(place);
  if (params.levels == StepLevels::unsigned_levels) {
    return quant::quantize_step(static_cast<float>(x), static_cast<float>(inverse_step), params.bits);
  }
  const auto low = static_cast<float>(range_of(params).low), high = static_cast<float>(range_of(params).high);
  const float u = place * static_cast<float>(levels_per_step(params));
  const float clipped = u > low ? (u < high ? u : high) : low;
  if (params.levels == StepLevels::signed_levels) return quant::round_half_even(clipped);
  const auto n = static_cast<float>(quant::max_code(params.bits));
  return 2.0f * quant::round_half_even(0.5f * clipped + 0.5f * n) - n;
}

}  // namespace

void quantize_step_bound(const Operands& o) {
  const double factor = o.node.params<ops::LearnedStepOpParams>().factor;
  o.outputs[0][0] = factor * std::max(o.inputs[0][0], static_cast<double>(ops::kMinStep));
  o.outputs[1][0] = 1 / o.outputs[0][0];
}

void quantize_step(const Operands& o) {
  const auto params = o.node.params<Params>();
  const Range range = range_of(params);
  const double inverse = o.inputs[2][0];
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = params.is_rounded != 0 ? static_cast<double>(level_of(x, inverse, params))
                                             : std::clamp(x * inverse * levels_per_step(params), range.low, range.high);
  }
}

void quantize_step_backward(const Operands& o) {
  const auto params = o.node.params<Params>();
  const Range range = range_of(params);
  const double inverse = o.inputs[1][0];
  double sum = 0;
  for (size_t i = 0; i < o.inputs[0].size(); ++i) {
    const double x = o.inputs[0][i], dlevel = o.inputs[2][i];
    const double u = x * inverse * levels_per_step(params);
    const bool is_inside = u > range.low && u < range.high;
    o.outputs[0][i] = is_inside ? dlevel * inverse * levels_per_step(params) : 0;
    if (params.rule == ops::StepRule::pact) {
      sum += u >= range.high ? dlevel * range.high : 0;
    } else {
      sum += dlevel * (static_cast<double>(level_of(x, inverse, params)) - (is_inside ? u : 0));
    }
  }
  o.outputs[1][0] = static_cast<double>(params.gradient_scale) * inverse * sum;
}

}  // namespace lowtide::reference
