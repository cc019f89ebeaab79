// SPDX-License-Identifier: Apache-2.0
// The checks of DeepShift. Its layers are made in trainer/nets/shift_operands.cpp.
#include "trainer/methods/deepshift.hpp"

#include <fmt/format.h>

#include "engine/quant/shift_weights.hpp"
#include "trainer/methods/layer_places.hpp"

namespace lowtide::trainer {
namespace {

void check_place(const LayerPlace& place, std::vector<std::string>& out) {
  const LayerPrecision& p = place.precision;
  if (p.weight_bits == quant::kMaxDeepshiftBits && p.activation_bits != kFloatBits) {
    out.push_back(
        fmt::format("{}: sums of {}-bit weights of weight_quantizer = \"{}\" times activation_bits = {} may pass 2^24, "
                    "where they are no longer exact; use 4 bits or less, or activation_bits = 32",
                    place.where, p.weight_bits, to_string(p.weight_quantizer), p.activation_bits));
  }
  if (p.weight_estimator != Estimator::own) {
    out.push_back(fmt::format(
        "{}: weight_quantizer = \"{}\" has gradients of its own, but weight_estimator is \"{}\"; use \"own\"",
        place.where, to_string(p.weight_quantizer), to_string(p.weight_estimator)));
  }
}

}  // namespace

void check_deepshift(const std::string& where, const Phase& phase, std::vector<std::string>& out) {
  bool is_ps_used = false;
  for (const LayerPlace& place : layer_places(where, phase.quantization)) {
    const WeightQuantizer quantizer = place.precision.weight_quantizer;
    const bool is_ps = quantizer == WeightQuantizer::deepshift_ps;
    if (place.precision.weight_bits == kFloatBits || (!is_ps && quantizer != WeightQuantizer::deepshift_q)) continue;
    check_place(place, out);
    is_ps_used = is_ps_used || is_ps;
  }
  if (is_ps_used && phase.optimizer.latent_clip > 0) {
    out.push_back(fmt::format(
        "{}optimizer.latent_clip = {} would clip the shifts of weight_quantizer = \"deepshift_ps\", which have a range "
        "of their own; set it to 0",
        where, phase.optimizer.latent_clip));
  }
}

}  // namespace lowtide::trainer
