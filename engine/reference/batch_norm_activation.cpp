// SPDX-License-Identifier: Apache-2.0
// Reference of batch_norm_activation and its gradient, as in engine/ops/batch_norm/activation.hpp.
#include <algorithm>
#include <cmath>

#include "engine/ops/batch_norm/activation.hpp"
#include "engine/quant/quantizer.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

using ops::NormActivation;
using ops::NormQuantizer;
using Params = ops::BatchNormActivationOpParams;

constexpr uint32_t kActivationBit = 64, kQuantizerBit = 128;

double activate(const Params& p, double s) {
  if (p.activation == NormActivation::relu) return std::max(s, 0.0);
  if (p.activation == NormActivation::clip) return std::clamp<double>(s, p.lo, p.hi);
  return s;
}

bool passes_activation(const Params& p, double s) {
  if (p.activation == NormActivation::relu) return s > 0;
  return p.activation == NormActivation::none || (s >= p.lo && s <= p.hi);
}

double level_of(const Params& p, double a) {
  if (p.quantizer == NormQuantizer::none) return 0;
  if (p.quantizer == NormQuantizer::signs) return a >= 0 ? 1 : -1;
  return quant::quantize_activation(static_cast<float>(a), p.bits);
}

bool passes_quantizer(const Params& p, double a) {
  if (p.quantizer == NormQuantizer::none) return false;
  if (p.quantizer == NormQuantizer::signs) return std::abs(a) <= static_cast<double>(p.window);
  return a >= 0 && a <= 1;
}

double code_of(const Params& p, double s) {
  const double a = activate(p, s);
  uint32_t code = static_cast<uint32_t>(static_cast<int32_t>(level_of(p, a))) & 63u;
  if (passes_activation(p, s)) code |= kActivationBit;
  if (passes_quantizer(p, a)) code |= kQuantizerBit;
  return code;
}

}  // namespace

void batch_norm_activation(const Operands& o) {
  const auto p = o.node.params<Params>();
  const std::span<const double> x = o.inputs[0];
  const size_t channels = o.inputs[1].size(), rows = x.size() / channels;
  const auto n = static_cast<double>(rows);
  for (size_t c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (size_t i = c; i < x.size(); i += channels) mean += x[i] / n;
    for (size_t i = c; i < x.size(); i += channels) squares += std::pow(x[i] - mean, 2);
    const double inverse_std = 1 / std::sqrt(squares / n + p.epsilon);
    for (size_t i = c; i < x.size(); i += channels) {
      double s = (x[i] - mean) * inverse_std * o.inputs[1][c] + o.inputs[2][c];
      if (o.inputs.size() == 4) s += o.inputs[3][i];
      o.outputs[0][i] = activate(p, s);
      o.outputs[4][i] = level_of(p, activate(p, s));
      o.outputs[5][i] = code_of(p, s);
    }
    o.outputs[1][c] = o.outputs[2][c] = mean;
    o.outputs[2][channels + c] = inverse_std * o.inputs[1][c];
    o.outputs[2][2 * channels + c] = o.inputs[2][c];
    o.outputs[2][3 * channels + c] = inverse_std;
    o.outputs[3][c] = squares / (n - 1);
  }
}

void batch_norm_activation_backward(const Operands& o) {
  const auto p = o.node.params<ops::BatchNormActivationBackwardOpParams>();
  const std::span<const double> x = o.inputs[0], coefficients = o.inputs[1], codes = o.inputs[2];
  const size_t channels = o.outputs[1].size();
  const double n = static_cast<double>(x.size() / channels);
  const double slope = p.forward.quantizer == NormQuantizer::signs ? 1 : quant::max_code(p.forward.bits);
  std::vector<double> ds(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const auto code = static_cast<uint32_t>(codes[i]);
    double d = p.has_dvalue != 0 ? o.inputs[3][i] : 0;
    if (p.has_dlevels != 0 && (code & kQuantizerBit) != 0) d += o.inputs[3 + p.has_dvalue][i] * slope;
    ds[i] = (code & kActivationBit) != 0 ? d : 0;
    if (p.has_shortcut != 0) o.outputs[3][i] = ds[i];
  }
  for (size_t c = 0; c < channels; ++c) {
    const double mean = coefficients[c], factor = coefficients[channels + c];
    const double inverse_std = coefficients[3 * channels + c];
    double dgamma = 0, dbeta = 0;
    for (size_t i = c; i < x.size(); i += channels) {
      dgamma += ds[i] * (x[i] - mean) * inverse_std;
      dbeta += ds[i];
    }
    for (size_t i = c; i < x.size(); i += channels) {
      o.outputs[0][i] = factor * (ds[i] - dbeta / n - (x[i] - mean) * inverse_std * dgamma / n);
    }
    o.outputs[1][c] = dgamma;
    o.outputs[2][c] = dbeta;
  }
}

}  // namespace lowtide::reference
