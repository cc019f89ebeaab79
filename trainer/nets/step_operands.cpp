// SPDX-License-Identifier: Apache-2.0
// Learned steps as parameters, and the ops around them.
#include "trainer/nets/step_operands.hpp"

#include <cmath>

#include "engine/ops/detach/detach.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize_step/quantize_step.hpp"
#include "engine/ops/relu/relu.hpp"
#include "trainer/nets/blocks.hpp"

namespace lowtide::trainer {
namespace {

// What both sides of a product have in common.
struct StepSpec {
  std::string node;       // of the quantiser
  std::string parameter;  // its step or bound
  StepRecord record;
  ops::QuantizeStepOpParams params;
};

StepQuantizer quantizer_of(ActivationQuantizer quantizer) {
  if (quantizer == ActivationQuantizer::pact) return StepQuantizer::pact;
  return quantizer == ActivationQuantizer::uniq ? StepQuantizer::uniq : StepQuantizer::lsq;
}

float gradient_scale(double count, double largest) {
  return static_cast<float>(1 / std::sqrt(count * largest));
}

ops::StepLevels weight_levels(const LayerPrecision& precision) {
  if (precision.weight_quantizer == WeightQuantizer::uniq) return ops::StepLevels::odd_levels;
  return precision.weight_bits == 1 ? ops::StepLevels::signs : ops::StepLevels::signed_levels;
}

LayerOperand quantized(NetContext& net, const StepSpec& spec, ValueId x) {
  if (net.has_failed()) return {};
  const bool is_clip = spec.record.quantizer == StepQuantizer::pact;
  const ValueId parameter = net.learned_step(spec.parameter, spec.record);
  const float factor = is_clip ? quant::level_step(spec.params.bits) : 1.0f;
  const auto step = ops::learned_step(net.graph(), spec.node + "/step", parameter, factor);
  if (!step) {
    net.set_error(step.error());
    return {};
  }
  LayerOperand out = {.step = ops::step_unit(spec.params.levels), .scale = step->step};
  out.value = net.keep(ops::quantize_step(net.graph(), spec.node, x, *step, spec.params));
  if (net.is_training()) out.scale = net.keep(ops::detach(net.graph(), spec.node + "/constant_step", out.scale));
  return out;
}

// Mean x or mean x^2 of what the quantiser will see, which is never negative.
void measure(NetContext& net, const StepSpec& spec, ValueId real, Activation applied) {
  if (net.has_failed() || spec.record.quantizer == StepQuantizer::pact) return;
  graph::Graph& graph = net.graph();
  ValueId x = real;
  if (applied != Activation::relu) x = net.keep(ops::relu(graph, spec.node + "/positive", real));
  if (net.has_failed()) return;
  ValueId magnitude;
  if (spec.record.quantizer == StepQuantizer::uniq) {
    const ValueId zeros = net.keep(ops::fill(graph, spec.node + "/zeros", graph.desc(x), 0.0f));
    if (!net.has_failed()) magnitude = net.keep(ops::mse(graph, spec.node + "/magnitude", x, zeros));
  } else {
    const ops::QuantizeMagnitudeOpParams mean = {.magnitude = ops::Magnitude::mean};
    magnitude = net.keep(append_one(graph, ops::kQuantizeMagnitudeDetachedOp, spec.node + "/magnitude", mean, {x}));
  }
  if (!net.has_failed()) graph.make_metric(magnitude, magnitude_name(graph.scope() + spec.parameter));
}

}  // namespace

std::string magnitude_name(const std::string& parameter) {
  return "magnitude/" + parameter;
}

LayerOperand step_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision) {
  if (net.has_failed()) return {};
  const uint32_t bits = precision.activation_bits;
  const StepQuantizer quantizer = quantizer_of(precision.activation_quantizer);
  const bool is_clip = quantizer == StepQuantizer::pact;
  StepSpec spec = {.node = layer + "/x",
                   .parameter = layer + (is_clip ? ".x_clip" : ".x_step"),
                   .record = {.quantizer = quantizer, .bits = bits},
                   .params = {.levels = ops::StepLevels::unsigned_levels, .bits = bits}};
  if (net.is_calibrating()) {
    const ValueId real = activate(net, spec.node, x).value;
    measure(net, spec, real, x.pending);
    return {.value = real};
  }
  const Shape& shape = net.desc(x).shape;
  const uint64_t batch = quantizer == StepQuantizer::uniq ? 1 : shape[0];
  if (is_clip) {
    spec.params.rule = ops::StepRule::pact;
  } else {
    spec.params.gradient_scale =
        gradient_scale(static_cast<double>(shape.element_count() / batch), largest_code(false, bits));
  }
  return quantized(net, spec, x.value);
}

LayerOperand step_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision) {
  if (net.has_failed()) return {};
  const uint32_t bits = precision.weight_bits;
  const bool is_uniform = precision.weight_quantizer == WeightQuantizer::uniq;
  const auto count = static_cast<double>(net.graph().desc(w).shape.element_count());
  const StepSpec spec = {.node = layer + "/w",
                         .parameter = layer + ".w_step",
                         .record = {.quantizer = is_uniform ? StepQuantizer::uniq : StepQuantizer::lsq,
                                    .bits = bits,
                                    .latent = net.graph().value(w).name},
                         .params = {.levels = weight_levels(precision),
                                    .bits = bits,
                                    .gradient_scale = gradient_scale(count, largest_code(true, bits))}};
  return quantized(net, spec, w);
}

}  // namespace lowtide::trainer
