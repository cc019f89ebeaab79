// SPDX-License-Identifier: Apache-2.0
// Bisection of a monotone function. Rounding to nearest is monotone, so a chain of f32 multiplications by constants,
// additions of constants, clips and rounding is monotone too, ascending or descending with the sign of the factors'
// product.
#include "engine/quant/fold.hpp"

#include "engine/base/check.hpp"

namespace lowtide::quant {

uint32_t ChannelThresholds::code(int32_t acc) const {
  uint32_t count = 0;
  for (const int32_t threshold : thresholds) count += direction * acc >= threshold ? 1u : 0u;
  return count;
}

ChannelThresholds find_thresholds(const std::function<uint32_t(int32_t)>& code_of, uint32_t bits) {
  LOWTIDE_CHECK(bits >= 1 && bits <= kMaxBits, "1 to 8 bits");
  ChannelThresholds out;
  out.direction = code_of(kMaxAccumulator) >= code_of(-kMaxAccumulator) ? 1 : -1;
  // Along u = direction * acc codes ascend.
  const auto reaches = [&](int32_t u, uint32_t code) { return code_of(out.direction * u) >= code; };
  for (uint32_t code = 1; code <= max_code(bits); ++code) {
    if (reaches(-kMaxAccumulator, code)) {
      out.thresholds.push_back(kAlwaysReached);
      continue;
    }
    if (!reaches(kMaxAccumulator, code)) {
      out.thresholds.push_back(kNeverReached);
      continue;
    }
    int32_t below = -kMaxAccumulator;  // does not reach
    int32_t above = kMaxAccumulator;   // reaches
    while (above - below > 1) {
      const int32_t middle = below + (above - below) / 2;
      (reaches(middle, code) ? above : below) = middle;
    }
    out.thresholds.push_back(above);
  }
  return out;
}

float ChannelMap::real(int32_t acc) const {
  float y = static_cast<float>(acc);
  y = y * output_scale;
  y = y * scale;
  y = y * multiplier;
  y = y + offset;
  y = y < clip_lo ? clip_lo : y;
  return y > clip_hi ? clip_hi : y;
}

uint32_t ChannelMap::code(int32_t acc) const {
  const float y = real(acc);
  if (kind == ActivationKind::signs) return activation_code(quantize_sign(y), kind);
  return activation_code(quantize_activation(y, bits), kind);
}

std::vector<int32_t> fold_channels(std::span<const ChannelMap> channels) {
  LOWTIDE_CHECK(!channels.empty(), "a table of no channels");
  const uint32_t bits = channels[0].bits;
  const size_t k = channels.size();
  std::vector<int32_t> table((size_t{max_code(bits)} + 1) * k);
  for (size_t channel = 0; channel < k; ++channel) {
    const ChannelMap& map = channels[channel];
    LOWTIDE_CHECK(map.bits == bits, "all channels of a table have the same bits");
    LOWTIDE_CHECK(map.kind != ActivationKind::signs || bits == 1, "signs have one bit");
    const ChannelThresholds found = find_thresholds([&](int32_t acc) { return map.code(acc); }, bits);
    table[channel] = found.direction;
    for (size_t i = 0; i < found.thresholds.size(); ++i) table[(i + 1) * k + channel] = found.thresholds[i];
  }
  return table;
}

}  // namespace lowtide::quant
