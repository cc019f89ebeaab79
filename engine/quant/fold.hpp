// SPDX-License-Identifier: Apache-2.0
// Folding: what lies between an integer accumulator and the next quantiser becomes integer thresholds, one table per
// output channel. The thresholds are found by evaluating the training graph's own f32 function, never by dividing
// through it, so that codes are equal for every accumulator, ties and all.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/quant/quantizer.hpp"

namespace lowtide::quant {

// Accumulators are exact in f32: |acc| < 2^24.
inline constexpr int32_t kMaxAccumulator = (1 << 24) - 1;
// Thresholds that every accumulator reaches, and that none reaches.
inline constexpr int32_t kAlwaysReached = -(1 << 24);
inline constexpr int32_t kNeverReached = 1 << 24;

// rank = number of thresholds t with direction * acc >= t: the number of levels below the one that acc gets. Thresholds
// ascend.
struct ChannelThresholds {
  int32_t direction = 1;  // +1 or -1
  std::vector<int32_t> thresholds;

  uint32_t rank(int32_t acc) const;
};

// rank_of: accumulator -> rank, 0 .. count, monotone in either direction over |acc| <= kMaxAccumulator. Finds `count`
// thresholds and bisects each transition: about 25 count evaluations.
ChannelThresholds find_thresholds(const std::function<uint32_t(int32_t)>& rank_of, uint32_t count);

// What evaluation does to the accumulator of one channel, in f32, in this order, each operation rounded on its own:
//   y = acc * output_scale; y = y * scale; y = y * multiplier; y = y + offset; y = clip; code = quantise(y)
// A factor of 1 changes nothing, so what a network does not have stays at its default. ReLU and hard tanh are clips;
// before a DoReFa quantiser a ReLU, and before a sign a hard tanh, change no code.
struct ChannelMap {
  float output_scale = 1.0f;  // of conv2d or linear: the static steps
  float scale = 1.0f;         // of the `scale` op: dynamic weight scale
  float multiplier = 1.0f;    // of `affine`: batch norm
  float offset = 0.0f;
  float clip_lo = -INFINITY;
  float clip_hi = INFINITY;
  ActivationQuantizer quantizer;

  float real(int32_t acc) const;     // y before the quantiser
  uint32_t code(int32_t acc) const;  // of the quantiser's kind
  uint32_t rank(int32_t acc) const;  // of the code among the quantiser's levels
};

// Rows of a table of thresholds: a direction, and a threshold between each two neighbouring levels.
constexpr uint32_t threshold_rows(ActivationKind kind, uint32_t bits) {
  return level_count(kind, bits);
}

// The table that packed ops read: i32 [threshold_rows, k], channels innermost. Row 0 holds directions, the rows below
// the thresholds in ascending order. All maps must have the same kind and bits.
std::vector<int32_t> fold_channels(std::span<const ChannelMap> channels);

}  // namespace lowtide::quant
