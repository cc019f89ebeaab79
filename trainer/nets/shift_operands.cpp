// SPDX-License-Identifier: Apache-2.0
// From the recipe's words to the ops of S3 and DeepShift.
#include "trainer/nets/shift_operands.hpp"

#include <algorithm>
#include <cmath>

#include "engine/ops/deepshift/deepshift.hpp"
#include "engine/ops/latent_stack.hpp"
#include "engine/ops/sparse_shift/sparse_shift.hpp"
#include "engine/quant/shift_weights.hpp"

namespace lowtide::trainer {
namespace {

constexpr float kPsLowestStart = -10.0f, kPsHighestStart = -1.0f;  // of shift latents of convolutions

// `count` latents of each weight of `shape`, in one parameter.
NetParameter latent_stack(const std::string& layer, const Shape& shape, uint32_t count, const LayerPrecision& precision,
                          Initializer initializer) {
  return {.name = layer + ".latents",
          .shape = ops::with_first_extent(shape, count * shape[0]),
          .initializer = initializer,
          .weight_bits = precision.weight_bits};
}

LayerOperand sparse_shift_weights(NetContext& net, const std::string& layer, const Shape& shape,
                                  const LayerPrecision& precision) {
  const SparseShiftOptions& options = net.phase().sparse_shift;
  const Initializer initializer =
      options.start == SparseShiftStart::dense ? Initializer::sparse_shift_dense : Initializer::sparse_shift_released;
  const uint32_t bits = precision.weight_bits;
  const ValueId latents =
      net.parameter(latent_stack(layer, shape, quant::sparse_shift_latents(bits), precision, initializer));
  const auto force = static_cast<float>(options.dense_regularizer);
  return {.value = net.keep(ops::sparse_shift(net.graph(), layer + "/w", latents, bits, force))};
}

LayerOperand deepshift_q_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                                 const LayerPrecision& precision) {
  const uint32_t bits = precision.weight_bits;
  const ValueId w = net.parameter({.name = layer + ".weight",
                                   .shape = shape,
                                   .initializer = initializer,
                                   .weight_bits = bits,
                                   .latent_limit = 1.0f});
  return {.value = net.keep(ops::deepshift_q(net.graph(), layer + "/w", w, bits)),
          .step = quant::deepshift_step(quant::deepshift_q_range(bits))};
}

LayerOperand deepshift_ps_weights(NetContext& net, const std::string& layer, const Shape& shape,
                                  const LayerPrecision& precision) {
  const uint32_t bits = precision.weight_bits;
  NetParameter stack = latent_stack(layer, shape, 2, precision, Initializer::deepshift_ps);
  stack.has_weight_decay = false;
  const ValueId latents = net.parameter(std::move(stack));
  const auto penalty = static_cast<float>(net.phase().deepshift.penalty);
  return {.value = net.keep(ops::deepshift_ps(net.graph(), layer + "/w", latents, bits, penalty)),
          .step = quant::deepshift_step(quant::deepshift_ps_range(bits))};
}

}  // namespace

bool is_shift_quantizer(WeightQuantizer quantizer) {
  return quantizer == WeightQuantizer::sparse_shift || quantizer == WeightQuantizer::deepshift_q ||
         quantizer == WeightQuantizer::deepshift_ps;
}

LayerOperand shift_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                           const LayerPrecision& precision) {
  if (precision.weight_quantizer == WeightQuantizer::sparse_shift) {
    return sparse_shift_weights(net, layer, shape, precision);
  }
  if (precision.weight_quantizer == WeightQuantizer::deepshift_q) {
    return deepshift_q_weights(net, layer, shape, initializer, precision);
  }
  return deepshift_ps_weights(net, layer, shape, precision);
}

bool is_latent_stack(Initializer initializer) {
  return initializer == Initializer::sparse_shift_dense || initializer == Initializer::sparse_shift_released ||
         initializer == Initializer::deepshift_ps;
}

std::vector<float> initial_latents(const NetParameter& parameter, Rng& rng) {
  const Shape& shape = parameter.shape;
  const bool is_ps = parameter.initializer == Initializer::deepshift_ps;
  const uint32_t latents = is_ps ? 2 : quant::sparse_shift_latents(parameter.weight_bits);
  std::vector<float> elements(shape.element_count());
  const size_t count = elements.size() / latents;
  if (is_ps) {
    const float lowest = -static_cast<float>(quant::deepshift_ps_range(parameter.weight_bits));
    for (size_t i = 0; i < count; ++i) {
      elements[i] = shape.rank() == 4 ? std::max(rng.uniform(kPsLowestStart, kPsHighestStart), lowest)
                                      : rng.uniform(lowest, 0.0f);
    }
    for (size_t i = count; i < 2 * count; ++i) elements[i] = rng.uniform(-1.0f, 1.0f);
    return elements;
  }
  const double area = shape.rank() == 4 ? static_cast<double>(shape[1]) * shape[2] : 1.0;
  const auto deviation = static_cast<float>(std::sqrt(2.0 * latents / (area * shape[0])));
  for (float& element : elements) element = deviation * rng.normal();
  if (parameter.initializer == Initializer::sparse_shift_released) return elements;
  for (size_t i = count; i < elements.size(); ++i) {
    const float magnitude = std::fabs(elements[i]);
    elements[i] = i < 2 * count ? magnitude : -magnitude;
  }
  return elements;
}

}  // namespace lowtide::trainer
