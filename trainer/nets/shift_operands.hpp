// SPDX-License-Identifier: Apache-2.0
// Weights that are signed powers of two made from latents: S3 and DeepShift (trainer/methods/s3.hpp, deepshift.hpp).
#pragma once

#include <string>
#include <vector>

#include "engine/base/rng.hpp"
#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {

// Whether layer_weights leaves these weights to shift_weights.
bool is_shift_quantizer(WeightQuantizer quantizer);

// The weights of a layer, [k, ...], from latents that are asked for here.
LayerOperand shift_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                           const LayerPrecision& precision);

// How stacked latents start, of a parameter with such an initialiser.
bool is_latent_stack(Initializer initializer);
std::vector<float> initial_latents(const NetParameter& parameter, Rng& rng);

}  // namespace lowtide::trainer
