// SPDX-License-Identifier: Apache-2.0
// Reference of the quantisers. Where a level follows from x by f32 operations that are exactly defined, it is decided
// in f32, as devices do; the tanh map is in double, so its cases keep away from ties. Surrogates and gradients are
// double.
#include "engine/ops/quantize/quantize.hpp"

#include <algorithm>
#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

double sign(double x) {
  return x >= 0 ? 1 : -1;
}

double maximum_tanh(double max_abs) {
  return max_abs > 0 ? std::tanh(max_abs) : 1;
}

double levels(const Operands& o) {
  return quant::max_code(o.node.params<ops::QuantizeWeightsOpParams>().bits);
}

// What a sign rule with a scale adds to dx / dlevels for element i.
double scale_factor(const Operands& o, size_t i) {
  const bool is_real = o.node.params<ops::QuantizeSignOpParams>().rule == ops::SignRule::real;
  const size_t row_length = o.inputs[0].size() / o.inputs[1].size();
  const double scale = o.inputs[1][i / row_length];
  if (!(scale > 0)) return 0;
  return 1 / (is_real ? scale : scale * static_cast<double>(row_length));
}

}  // namespace

void quantize_activations(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeActivationsOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = params.is_rounded != 0 ? quant::quantize_activation(static_cast<float>(x), params.bits)
                                             : std::clamp(x, 0.0, 1.0) * quant::max_code(params.bits);
  }
}

void quantize_activations_backward_input(const Operands& o) {
  const double n = quant::max_code(o.node.params<ops::QuantizeActivationsOpParams>().bits);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = x >= 0 && x <= 1 ? o.inputs[1][i] * n : 0;
  }
}

void quantize_sign(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeSignOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    double level = sign(x);
    if (params.is_rounded == 0) {
      const double window = params.window;
      level = params.rule == ops::SignRule::real ? 0 : std::clamp(x, -window, window);
      if (params.rule != ops::SignRule::clipped) level += x * scale_factor(o, i);
    }
    o.outputs[0][i] = level;
  }
}

void quantize_sign_backward_input(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeSignOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const bool is_inside = std::abs(o.inputs[0][i]) <= static_cast<double>(params.window);
    double factor = params.rule != ops::SignRule::real && is_inside ? 1 : 0;
    if (params.rule != ops::SignRule::clipped) factor += scale_factor(o, i);
    o.outputs[0][i] = o.inputs.back()[i] * factor;
  }
}

void quantize_weights(const Operands& o) {
  const auto params = o.node.params<ops::QuantizeWeightsOpParams>();
  const double n = levels(o);
  const double maximum = maximum_tanh(o.inputs[1][0]);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double unit = std::clamp(0.5 * (std::tanh(o.inputs[0][i]) / maximum) + 0.5, 0.0, 1.0);
    // std::nearbyint rounds half to even in the default rounding mode.
    o.outputs[0][i] = (params.is_rounded != 0 ? 2 * std::nearbyint(unit * n) : 2 * unit * n) - n;
  }
}

void quantize_weights_backward_input(const Operands& o) {
  const std::span<const double> w = o.inputs[0];
  const double m = maximum_tanh(o.inputs[1][0]);
  double sum = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    const double t = std::tanh(w[i]);
    o.outputs[0][i] = o.inputs[2][i] * levels(o) / m * (1 - t * t);
    sum += o.inputs[2][i] * t;
  }
  if (o.node.params<ops::QuantizeWeightsOpParams>().detach_maximum != 0) return;
  const double dmaximum = -levels(o) * (1 - m * m) / (m * m) * sum;
  const auto attains = [&](double x) { return std::abs(x) == o.inputs[1][0]; };
  const auto attained = static_cast<double>(std::count_if(w.begin(), w.end(), attains));
  for (size_t i = 0; i < w.size(); ++i) {
    if (attains(w[i])) o.outputs[0][i] += dmaximum * sign(w[i]) / attained;
  }
}

void quantize_magnitude(const Operands& o) {
  const bool is_max = o.node.params<ops::QuantizeMagnitudeOpParams>().magnitude == ops::Magnitude::max;
  const size_t row_length = o.inputs[0].size() / o.outputs[0].size();
  for (size_t row = 0; row < o.outputs[0].size(); ++row) {
    double result = 0;
    for (size_t i = 0; i < row_length; ++i) {
      const double magnitude = std::abs(o.inputs[0][row * row_length + i]);
      result = is_max ? std::max(result, magnitude) : result + magnitude / static_cast<double>(row_length);
    }
    o.outputs[0][row] = result;
  }
}

void quantize_magnitude_backward_input(const Operands& o) {
  const bool is_max = o.node.params<ops::QuantizeMagnitudeOpParams>().magnitude == ops::Magnitude::max;
  const std::span<const double> w = o.inputs[0];
  const size_t row_length = w.size() / o.inputs[1].size();
  const auto attains = [&](double x) { return std::abs(x) == o.inputs[1][0]; };
  const auto attained = is_max ? std::count_if(w.begin(), w.end(), attains) : 0;
  for (size_t i = 0; i < w.size(); ++i) {
    double share = 1 / static_cast<double>(row_length);
    if (is_max) share = attains(w[i]) ? 1 / static_cast<double>(attained) : 0;
    o.outputs[0][i] = o.inputs[2][i / row_length] * sign(w[i]) * share;
  }
}

}  // namespace lowtide::reference
