// SPDX-License-Identifier: Apache-2.0
// Quantisers as data: how many bits, which levels, what step; and their forward maps on the host, real -> level. Levels
// are integers held in f32; a kind says which integers, and how their codes of `bits` bits are made. Twin of
// shaders/lib/quant.glsl (maps) and shaders/lib/pack.glsl (codes): the same f32 operations in the same order, so that
// both sides decide alike. Compiled with -ffp-contract=off.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace lowtide::quant {

inline constexpr uint32_t kMaxBits = 8;  // of levels that are packed
inline constexpr uint32_t kWideBits =
    16;  // DoReFa levels of training alone: the first steps of progressive quantisation

// Whether DoReFa levels may have so many bits.
constexpr bool has_level_bits(uint32_t bits) {
  return (bits >= 1 && bits <= kMaxBits) || bits == kWideBits;
}

enum class ActivationKind : uint32_t {
  unsigned_levels,  // 0 .. 2^bits - 1; code = level
  signs,            // -1 and +1, sign(0) = +1; one bit, code 1 = +1
  shift,            // 0 and +-2^i, i = 0 .. 2^(bits - 1) - 2; 2 to 4 bits, sign and exponent (below)
};

enum class WeightKind : uint32_t {
  odd_levels,     // 2 code - (2^bits - 1); one bit: the signs
  shift,          // as of activations
  signed_levels,  // -2^(bits - 1) .. 2^(bits - 1) - 1; 2 to 8 bits, two's complement
};

// How a real activation becomes unsigned levels.
enum class ActivationRule : uint32_t {
  unit_range,    // DoReFa (Zhou et al. 2016, equation 11): clip to [0, 1], then times 2^bits - 1
  learned_step,  // LSQ (Esser et al. 2020, equation 1): times 1 / step, then clip to [0, 2^bits - 1]
};

// Highest code of `bits` bits, 1 .. 8 and 16.
constexpr uint32_t max_code(uint32_t bits) {
  return (1u << bits) - 1;
}

// Real distance of neighbouring codes of unsigned activations, and half that of weights: real = level * step.
constexpr float level_step(uint32_t bits) {
  return 1.0f / static_cast<float>(max_code(bits));
}

// Rounds half to even: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2. |x| < 2^22.
inline float round_half_even(float x) {
  const float below = std::floor(x);
  const float rest = x - below;  // exact
  if (rest != 0.5f) return rest < 0.5f ? below : below + 1.0f;
  return std::fmod(below, 2.0f) == 0.0f ? below : below + 1.0f;
}

// Level of a DoReFa activation. NaN becomes level 0.
inline float quantize_activation(float x, uint32_t bits) {
  const float clipped = x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f;
  return round_half_even(clipped * static_cast<float>(max_code(bits)));
}

// -1 or +1; sign(0) = sign(-0) = +1. NaN becomes -1.
inline float quantize_sign(float x) {
  return x >= 0.0f ? 1.0f : -1.0f;
}

// Place of a DoReFa weight in [0, 1] (Zhou et al. 2016, equation 9): tanh(w) / (2 max |tanh(w)|) + 1/2.
inline float weight_unit(float tanh_w, float max_abs_tanh) {
  const float unit = 0.5f * (tanh_w / max_abs_tanh) + 0.5f;
  return unit > 0.0f ? (unit < 1.0f ? unit : 1.0f) : 0.0f;
}

// Odd level of a place in [0, 1].
inline float quantize_weight(float unit, uint32_t bits) {
  const auto n = static_cast<float>(max_code(bits));
  return 2.0f * round_half_even(unit * n) - n;
}

// Level of an activation with a step of its own; inverse_step = 1 / step, computed once. NaN becomes level 0.
inline float quantize_step(float x, float inverse_step, uint32_t bits) {
  const float place = x * inverse_step;
  const auto n = static_cast<float>(max_code(bits));
  return round_half_even(place > 0.0f ? (place < n ? place : n) : 0.0f);
}

// Shift levels. A code of `bits` bits has the exponent code e in its low bits - 1 bits, 0 for the level 0, else
// magnitude 2^(e - 1), and the sign in its top bit, 1 for negative, never set for zero: 2^bits - 1 levels. 2 bits are
// ternary, 3 bits 0, +-1, +-2, +-4, 4 bits go to +-64.
inline constexpr uint32_t kMinShiftBits = 2;
inline constexpr uint32_t kMaxShiftBits = 4;

// Magnitudes beside zero, and thresholds of the staircase.
constexpr uint32_t shift_magnitudes(uint32_t bits) {
  return (1u << (bits - 1)) - 1;
}
inline constexpr uint32_t kMaxShiftMagnitudes = shift_magnitudes(kMaxShiftBits);
using ShiftThresholds = std::array<float, kMaxShiftMagnitudes>;  // of fewer bits: the first ones

constexpr uint32_t shift_code(float level, uint32_t bits) {
  uint32_t exponent = 0;
  for (float rest = level < 0.0f ? -level : level; rest >= 1.0f; rest *= 0.5f) ++exponent;
  return level < 0.0f ? exponent | 1u << (bits - 1) : exponent;
}
constexpr float shift_level(uint32_t code, uint32_t bits) {
  const uint32_t exponent = code & shift_magnitudes(bits);
  if (exponent == 0) return 0.0f;
  const auto magnitude = static_cast<float>(1u << (exponent - 1));
  return (code >> (bits - 1)) != 0 ? -magnitude : magnitude;
}

// Staircase over the magnitude, level in units of the smallest non-zero one (Chen et al. 2020, AQE, equations 4, 21 and
// 22; zero and power-of-two levels of any bits: Chen et al. 2020, TNNLS, equation 4). `thresholds`: t_1 >= t_2 >= .. >=
// t_q, q = shift_magnitudes(bits); the exponent code is the number of thresholds that |x| reaches. A magnitude on a
// threshold reaches it, as in the second paper, where the first prints overlapping conditions; with two bits it does
// not, because the ternary rule of the first is zero for |x| <= t. NaN becomes level 0.
inline float quantize_shift(float x, uint32_t bits, std::span<const float> thresholds) {
  const float magnitude = std::fabs(x);
  uint32_t exponent = 0;
  for (uint32_t i = 0; i < shift_magnitudes(bits); ++i) {
    const bool is_reached = bits == kMinShiftBits ? magnitude > thresholds[i] : magnitude >= thresholds[i];
    exponent += is_reached ? 1u : 0u;
  }
  if (exponent == 0) return 0.0f;
  const auto level = static_cast<float>(1u << (exponent - 1));
  return x < 0.0f ? -level : level;
}

// Code of an activation level, and back.
constexpr uint32_t activation_code(float level, ActivationKind kind, uint32_t bits) {
  if (kind == ActivationKind::shift) return shift_code(level, bits);
  return kind == ActivationKind::signs ? (level > 0.0f ? 1u : 0u) : static_cast<uint32_t>(level);
}
constexpr float activation_level(uint32_t code, ActivationKind kind, uint32_t bits) {
  if (kind == ActivationKind::shift) return shift_level(code, bits);
  return kind == ActivationKind::signs ? (code != 0 ? 1.0f : -1.0f) : static_cast<float>(code);
}

// The rank of a level is the number of levels below it: what thresholds count. Codes of unsigned levels and signs are
// ranks; a shift code is not, because its sign stands at the top.
constexpr uint32_t level_count(ActivationKind kind, uint32_t bits) {
  return kind == ActivationKind::shift ? max_code(bits) : max_code(bits) + 1;
}
constexpr uint32_t activation_rank(uint32_t code, ActivationKind kind, uint32_t bits) {
  if (kind != ActivationKind::shift) return code;
  const uint32_t zero = shift_magnitudes(bits), exponent = code & zero;
  return (code >> (bits - 1)) != 0 ? zero - exponent : zero + exponent;
}
constexpr uint32_t activation_code_of_rank(uint32_t rank, ActivationKind kind, uint32_t bits) {
  if (kind != ActivationKind::shift) return rank;
  const uint32_t zero = shift_magnitudes(bits);
  return rank < zero ? (zero - rank) | 1u << (bits - 1) : rank - zero;
}

// Whether codes of that kind may have so many bits.
constexpr bool has_bits(ActivationKind kind, uint32_t bits) {
  if (kind == ActivationKind::signs) return bits == 1;
  return kind == ActivationKind::shift ? bits >= kMinShiftBits && bits <= kMaxShiftBits : bits >= 1 && bits <= kMaxBits;
}
constexpr bool has_bits(WeightKind kind, uint32_t bits) {
  if (kind == WeightKind::shift) return has_bits(ActivationKind::shift, bits);
  return bits >= (kind == WeightKind::signed_levels ? 2u : 1u) && bits <= kMaxBits;
}

// Code of a weight level, and back.
constexpr uint32_t weight_code(float level, uint32_t bits, WeightKind kind = WeightKind::odd_levels) {
  if (kind == WeightKind::shift) return shift_code(level, bits);
  const auto integer = static_cast<int32_t>(level);
  if (kind == WeightKind::signed_levels) return static_cast<uint32_t>(integer) & max_code(bits);
  return static_cast<uint32_t>(integer + static_cast<int32_t>(max_code(bits))) >> 1;
}
constexpr float weight_level(uint32_t code, uint32_t bits, WeightKind kind = WeightKind::odd_levels) {
  if (kind == WeightKind::shift) return shift_level(code, bits);
  const auto integer = static_cast<int32_t>(code), n = static_cast<int32_t>(max_code(bits));
  if (kind == WeightKind::signed_levels) return static_cast<float>(2 * integer > n ? integer - n - 1 : integer);
  return static_cast<float>(2 * integer - n);
}

// An activation quantiser in full: every number that decides a level.
struct ActivationQuantizer {
  ActivationKind kind = ActivationKind::unsigned_levels;
  uint32_t bits = 1;
  ActivationRule rule = ActivationRule::unit_range;  // of unsigned levels
  float inverse_step = 1.0f;                         // of the rule learned_step
  ShiftThresholds thresholds = {};                   // of shift levels
};

inline float quantize(float x, const ActivationQuantizer& q) {
  if (q.kind == ActivationKind::signs) return quantize_sign(x);
  if (q.kind == ActivationKind::shift) return quantize_shift(x, q.bits, q.thresholds);
  return q.rule == ActivationRule::learned_step ? quantize_step(x, q.inverse_step, q.bits)
                                                : quantize_activation(x, q.bits);
}

// Largest magnitude of a level.
constexpr uint32_t max_level(ActivationKind kind, uint32_t bits) {
  return kind == ActivationKind::shift ? 1u << (shift_magnitudes(bits) - 1) : max_code(bits);
}
constexpr uint32_t max_level(WeightKind kind, uint32_t bits) {
  if (kind == WeightKind::shift) return max_level(ActivationKind::shift, bits);
  return kind == WeightKind::signed_levels ? 1u << (bits - 1) : max_code(bits);
}

}  // namespace lowtide::quant
