// SPDX-License-Identifier: Apache-2.0
// Levels by the threshold quantisers with a gradient that no window cuts, then scales.
#include "trainer/nets/syq_operands.hpp"

#include <limits>

#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/ops/tap_scale/tap_scale.hpp"

namespace lowtide::trainer {
namespace {

constexpr float kNoWindow = std::numeric_limits<float>::max();

ValueId levels(NetContext& net, const std::string& name, ValueId w, uint32_t bits) {
  graph::Graph& graph = net.graph();
  if (bits == 1) return net.keep(ops::quantize_activation_signs(graph, name, w, kNoWindow));
  const ValueId maximum = net.keep(append_one(graph, ops::kQuantizeMagnitudeDetachedOp, name + "/maximum",
                                              ops::QuantizeMagnitudeOpParams{.magnitude = ops::Magnitude::max}, {w}));
  if (net.has_failed()) return {};
  const quant::ShiftThresholds eta = {static_cast<float>(net.quantization().syq_threshold)};
  const ValueId thresholds = net.keep(ops::threshold_values(graph, name + "/thresholds", bits, eta, maximum));
  if (net.has_failed()) return {};
  return net.keep(ops::quantize_threshold(graph, name, w, thresholds, {.bits = bits, .window = kNoWindow}));
}

}  // namespace

LayerOperand syq_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision) {
  if (net.has_failed()) return {};
  const std::string name = layer + "/w";
  const ValueId signs = levels(net, name, w, precision.weight_bits);
  if (net.has_failed()) return {};
  const Shape shape = net.graph().desc(w).shape;
  if (shape.rank() != 4) {
    const ValueId scale = net.parameter(layer + ".scale", Shape{}, ParameterKind::scale, Initializer::tenths);
    return {.value = signs, .scale = scale};
  }
  const ValueId scale =
      net.parameter(layer + ".tap_scale", Shape{shape[1] * shape[2]}, ParameterKind::scale, Initializer::fifths);
  if (!net.is_training()) return {.value = signs, .tap_scale = scale};
  return {.value = net.keep(ops::tap_scale(net.graph(), name + "/scaled", signs, scale))};
}

}  // namespace lowtide::trainer
