// SPDX-License-Identifier: Apache-2.0
// Reference of the threshold quantisers. Levels and thresholds follow by f32 operations that are exactly defined, so
// they are decided in f32, as devices do; surrogates, gradients and the scale are double.
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"

#include <algorithm>
#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// d(surrogate) / dx where the window lets it through.
double slope(const Operands& o, std::span<const double> scale) {
  if (scale.empty())
    return 1 / static_cast<double>(ops::threshold_step(o.node.params<ops::QuantizeThresholdOpParams>().bits));
  return scale[0] > 0 ? 1 / scale[0] : 0;
}

}  // namespace

void quantize_threshold(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeThresholdOpParams>();
  const std::vector<float> thresholds(o.inputs[1].begin(), o.inputs[1].end());
  const std::span<const double> scale = o.inputs.size() == 3 ? o.inputs[2] : std::span<const double>();
  const double window = scale.empty() ? static_cast<double>(params.window) : INFINITY;
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = params.is_rounded != 0 ? quant::quantize_shift(static_cast<float>(x), params.bits, thresholds)
                                             : std::clamp(x, -window, window) * slope(o, scale);
  }
}

void quantize_threshold_backward_input(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeThresholdOpParams>();
  const std::span<const double> scale = o.inputs.size() == 3 ? o.inputs[1] : std::span<const double>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const bool is_inside = !scale.empty() || std::abs(o.inputs[0][i]) <= static_cast<double>(params.window);
    o.outputs[0][i] = is_inside ? o.inputs.back()[i] * slope(o, scale) : 0;
  }
}

void quantize_threshold_values(const Operands& o) {
  const auto p = o.node.params<ops::QuantizeThresholdValuesOpParams>();
  const quant::ShiftThresholds all = {p.t1, p.t2, p.t3, p.t4, p.t5, p.t6, p.t7};
  const float base = o.inputs.empty() ? 1.0f : static_cast<float>(o.inputs[0][0]);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const float threshold = all[i] * base;
    o.outputs[0][i] = threshold;
  }
}

void quantize_threshold_maximum(const Operands& o) {
  const double maximum = o.inputs[0][0];
  if (std::isfinite(maximum)) o.outputs[0][0] = std::max(o.inputs[1][0], maximum);
}

void quantize_threshold_scale(const Operands& o) {
  double sum = 0;
  double count = 0;
  for (const double w : o.inputs[0]) {
    if (!(std::abs(w) > o.inputs[1][0])) continue;
    sum += std::abs(w);
    ++count;
  }
  o.outputs[0][0] = count > 0 ? sum / count : 0;
}

}  // namespace lowtide::reference
