// SPDX-License-Identifier: Apache-2.0
// Bisection of a monotone function. Rounding to nearest is monotone, so a chain of f32 multiplications by constants,
// additions of constants, clips and rounding is monotone too, ascending or descending with the sign of the factors'
// product. So is the rank of a staircase: an odd function that grows with the magnitude.
#include "engine/quant/fold.hpp"

#include "engine/base/check.hpp"

namespace lowtide::quant {

uint32_t ChannelThresholds::rank(int32_t acc) const {
  uint32_t count = 0;
  for (const int32_t threshold : thresholds) count += direction * acc >= threshold ? 1u : 0u;
  return count;
}

ChannelThresholds find_thresholds(const std::function<uint32_t(int32_t)>& rank_of, uint32_t count) {
  ChannelThresholds out;
  out.direction = rank_of(kMaxAccumulator) >= rank_of(-kMaxAccumulator) ? 1 : -1;
  // Along u = direction * acc ranks ascend.
  const auto reaches = [&](int32_t u, uint32_t rank) { return rank_of(out.direction * u) >= rank; };
  for (uint32_t rank = 1; rank <= count; ++rank) {
    if (reaches(-kMaxAccumulator, rank)) {
      out.thresholds.push_back(kAlwaysReached);
      continue;
    }
    if (!reaches(kMaxAccumulator, rank)) {
      out.thresholds.push_back(kNeverReached);
      continue;
    }
    int32_t below = -kMaxAccumulator;  // does not reach
    int32_t above = kMaxAccumulator;   // reaches
    while (above - below > 1) {
      const int32_t middle = below + (above - below) / 2;
      (reaches(middle, rank) ? above : below) = middle;
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
  return activation_code(quantize(real(acc), quantizer), quantizer.kind, quantizer.bits);
}

uint32_t ChannelMap::rank(int32_t acc) const {
  return activation_rank(code(acc), quantizer.kind, quantizer.bits);
}

std::vector<int32_t> fold_channels(std::span<const ChannelMap> channels) {
  LOWTIDE_CHECK(!channels.empty(), "a table of no channels");
  const ActivationKind kind = channels[0].quantizer.kind;
  const uint32_t bits = channels[0].quantizer.bits;
  LOWTIDE_CHECK(has_bits(kind, bits), "levels of that kind do not have so many bits");
  const size_t k = channels.size();
  std::vector<int32_t> table(threshold_rows(kind, bits) * k);
  for (size_t channel = 0; channel < k; ++channel) {
    const ChannelMap& map = channels[channel];
    LOWTIDE_CHECK(map.quantizer.kind == kind && map.quantizer.bits == bits, "all channels of a table are alike");
    const ChannelThresholds found =
        find_thresholds([&](int32_t acc) { return map.rank(acc); }, level_count(kind, bits) - 1);
    table[channel] = found.direction;
    for (size_t i = 0; i < found.thresholds.size(); ++i) table[(i + 1) * k + channel] = found.thresholds[i];
  }
  return table;
}

}  // namespace lowtide::quant
