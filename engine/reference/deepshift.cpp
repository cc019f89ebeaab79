// SPDX-License-Identifier: Apache-2.0
// Reference of deepshift_q and deepshift_ps. Levels are decided in f32, as devices do; all else is double.
#include "engine/ops/deepshift/deepshift.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/quant/shift_weights.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

float ps_level(const Operands& o, size_t count, size_t i, uint32_t range) {
  return quant::deepshift_ps_level(static_cast<float>(o.inputs[0][i]), static_cast<float>(o.inputs[0][count + i]),
                                   range);
}

}  // namespace

void deepshift_q(const Operands& o) {
  const auto params = o.node.params<ops::DeepshiftQOpParams>();
  const uint32_t range = quant::deepshift_q_range(params.bits);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] =
        params.is_rounded != 0 ? quant::deepshift_q_level(static_cast<float>(x), range) : std::exp2(range) * x;
  }
}

void deepshift_q_backward_input(const Operands& o) {
  const uint32_t range = quant::deepshift_q_range(o.node.params<ops::DeepshiftQOpParams>().bits);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = std::exp2(range) * o.inputs[0][i];
}

void deepshift_ps(const Operands& o) {
  const auto params = o.node.params<ops::DeepshiftPsOpParams>();
  const uint32_t range = quant::deepshift_ps_range(params.bits);
  const size_t count = o.outputs[0].size();
  for (size_t i = 0; i < count; ++i) {
    const double shift = o.inputs[0][i], sign = o.inputs[0][count + i];
    const double rounded_sign = sign > 0.5 ? 1 : (sign < -0.5 ? -1 : 0);
    o.outputs[0][i] = params.is_rounded != 0 ? ps_level(o, count, i, range)
                                             : std::exp2(range) * sign + rounded_sign * std::exp2(shift + range);
  }
}

void deepshift_ps_backward_input(const Operands& o) {
  const auto params = o.node.params<ops::DeepshiftPsOpParams>();
  const uint32_t range = quant::deepshift_ps_range(params.bits);
  const size_t count = o.inputs[1].size();
  for (size_t i = 0; i < count; ++i) {
    const double shift = o.inputs[0][i], g = o.inputs[1][i];
    const double lowest = -static_cast<double>(range);
    const double penalty = params.penalty * o.step.loss_scale * std::exp2(2 * std::clamp(shift, lowest, 0.0));
    const double dshift = std::numbers::ln2 * (g * ps_level(o, count, i, range) + penalty);
    const bool is_outwards = dshift > 0 ? shift <= lowest : shift >= 0;  // an update goes against the gradient
    o.outputs[0][i] = is_outwards ? 0 : dshift;
    o.outputs[0][count + i] = std::exp2(range) * g;
  }
}

}  // namespace lowtide::reference
