// SPDX-License-Identifier: Apache-2.0
// Reference of estimate, as in its header.
#include "engine/ops/estimate/estimate.hpp"

#include <algorithm>
#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

using ops::EstimatorRule;

double sign(double x) {
  return x > 0 ? 1 : (x < 0 ? -1 : 0);
}

double aqe_factor(EstimatorRule rule, double alpha) {
  if (rule == EstimatorRule::aqe_g1) return 2 * alpha;
  return rule == EstimatorRule::aqe_g3 ? 1 - alpha : 1;
}

// Liu et al. 2018: 2x + x^2 below 0, 2x - x^2 above, -1 and 1 beyond.
double bireal_polynomial(double x) {
  if (x < -1) return -1;
  if (x < 0) return 2 * x + x * x;
  return x < 1 ? 2 * x - x * x : 1;
}

}  // namespace

void estimate(const Operands& o) {
  const auto params = o.node.params<ops::EstimateOpParams>();
  const double alpha = ops::has_blend(params.rule) ? static_cast<double>(o.step.blend) : 1;
  const double step = params.step, window = params.window;
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i], level = o.inputs[1][i];
    double y = alpha == 1 ? level : alpha * level + (1 - alpha) * x / step;
    if (params.is_rounded == 0) {
      y = params.rule == EstimatorRule::bireal ? bireal_polynomial(x) / step
                                               : aqe_factor(params.rule, alpha) * std::clamp(x, -window, window) / step;
    }
    o.outputs[0][i] = y;
  }
}

void estimate_backward_input(const Operands& o) {
  const auto params = o.node.params<ops::EstimateOpParams>();
  const double alpha = o.step.blend, step = params.step;
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i], level = o.inputs[1][i], dy = o.inputs[3][i];
    double factor = aqe_factor(params.rule, alpha);
    if (params.rule == EstimatorRule::ewgs) {
      factor = 1 + static_cast<double>(params.scaling) * sign(dy) * (x - level * step);
    }
    if (std::abs(x) > static_cast<double>(params.window)) factor = 0;
    if (params.rule == EstimatorRule::bireal) factor = std::abs(x) < 1 ? 2 - 2 * std::abs(x) : 0;
    o.outputs[0][i] = dy / step * factor;
  }
}

}  // namespace lowtide::reference
