// SPDX-License-Identifier: Apache-2.0
// Records of a growing network, and how its parameters start.
#include "trainer/nets/net.hpp"

#include <cmath>

#include "engine/base/rng.hpp"
#include "trainer/nets/shift_operands.hpp"

namespace lowtide::trainer {
namespace {

struct Fans {
  double in = 1;
  double out = 1;
};

Fans fans_of(const Shape& shape) {
  if (shape.rank() == 0) return {};
  const double outputs = shape[0];
  const double inputs = static_cast<double>(shape.element_count()) / outputs;
  const double area = shape.rank() == 4 ? static_cast<double>(shape[1]) * static_cast<double>(shape[2]) : 1.0;
  return {inputs, outputs * area};
}

float constant_start(Initializer initializer) {
  switch (initializer) {
    case Initializer::ones:
      return 1.0f;
    case Initializer::quarters:
      return 0.25f;
    case Initializer::fifths:
      return 0.2f;
    case Initializer::tenths:
      return 0.1f;
    default:
      return 0.0f;
  }
}

}  // namespace

uint32_t stream_of(std::string_view name) {
  uint32_t hash = 2166136261u;  // FNV-1a, 32 bits
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash & 0x7fffffffu;
}

const char* to_string(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::weight:
      return "weight";
    case ParameterKind::bias:
      return "bias";
    case ParameterKind::norm:
      return "norm";
    case ParameterKind::scale:
      return "scale";
    case ParameterKind::step:
      return "step";
    case ParameterKind::clip:
      return "clip";
  }
  return "";
}

uint32_t NetContext::scaled(uint32_t channels) const {
  return static_cast<uint32_t>(std::max(1.0, std::nearbyint(network().width * channels)));
}

Activation NetContext::hidden_activation(Activation preferred) const {
  const QuantizationOptions& q = quantization();
  const bool is_sign = q.activation_bits == 1 && q.activation_quantizer == ActivationQuantizer::sign;
  const bool is_threshold = q.activation_bits != kFloatBits && q.activation_quantizer == ActivationQuantizer::threshold;
  if (preferred != Activation::relu) return preferred;
  if (is_sign || is_threshold) return Activation::hard_tanh;
  return network().activation == HiddenActivation::magnitude ? Activation::magnitude : preferred;
}

ValueId NetContext::parameter(std::string name, Shape shape, ParameterKind kind, Initializer initializer,
                              uint32_t weight_bits) {
  return parameter(NetParameter{
      .name = std::move(name), .shape = shape, .kind = kind, .initializer = initializer, .weight_bits = weight_bits});
}

ValueId NetContext::learned_step(std::string name, const StepRecord& record) {
  const bool is_clip = record.quantizer == StepQuantizer::pact;
  const ValueId value =
      parameter(std::move(name), Shape{}, is_clip ? ParameterKind::clip : ParameterKind::step, Initializer::ones);
  parameters_.back().hand_over = is_clip ? HandOver::optional : HandOver::never;
  parameters_.back().learned = record;
  return value;
}

ValueId NetContext::parameter(NetParameter parameter) {
  const ValueId value = is_frozen_ ? graph_.state(parameter.name, f32_desc(parameter.shape))
                                   : graph_.parameter(parameter.name, parameter.shape);
  parameter.value = value;
  parameter.name = graph_.value(value).name;
  parameter.is_state = is_frozen_;
  parameter.scope_length = graph_.scope().size();
  parameters_.push_back(std::move(parameter));
  return parameters_.back().value;
}

ValueId NetContext::state(std::string name, Shape shape, Initializer initializer) {
  const ValueId value = graph_.state(name, f32_desc(shape));
  parameters_.push_back({.name = graph_.value(value).name,
                         .value = value,
                         .shape = shape,
                         .kind = ParameterKind::norm,
                         .initializer = initializer,
                         .is_state = true,
                         .scope_length = graph_.scope().size()});
  return value;
}

void NetContext::set_hand_over(size_t first, HandOver hand_over) {
  for (size_t i = first; i < parameters_.size(); ++i) {
    if (parameters_[i].hand_over != HandOver::never) parameters_[i].hand_over = hand_over;
  }
}

ValueId NetContext::keep(Result<ValueId> result) {
  if (result) return *result;
  set_error(std::move(result).error());
  return {};
}

Result<void> append_norm_updates(graph::Graph& graph, const std::vector<NormUpdate>& updates, ValueId finite) {
  for (const NormUpdate& update : updates) {
    LOWTIDE_TRY_VOID(ops::batch_norm_running(graph, update.name, update.values, update.batch,
                                             {.momentum = update.momentum}, finite));
  }
  return {};
}

std::vector<float> initial_elements(const NetParameter& parameter, uint64_t seed) {
  Rng rng(seed, stream_of(parameter.name));
  if (is_latent_stack(parameter.initializer)) return initial_latents(parameter, rng);
  const bool is_constant = parameter.initializer == Initializer::constant;
  std::vector<float> elements(parameter.shape.element_count(),
                              is_constant ? parameter.start : constant_start(parameter.initializer));
  const Fans fans = fans_of(parameter.shape);
  if (parameter.initializer == Initializer::kaiming) {
    const auto deviation = static_cast<float>(std::sqrt(2.0 / fans.in));
    for (float& element : elements) element = deviation * rng.normal();
  } else if (parameter.initializer == Initializer::xavier) {
    const auto bound = static_cast<float>(std::sqrt(6.0 / (fans.in + fans.out)));
    for (float& element : elements) element = rng.uniform(-bound, bound);
  }
  return elements;
}

}  // namespace lowtide::trainer
