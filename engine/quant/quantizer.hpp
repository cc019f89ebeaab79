// SPDX-License-Identifier: Apache-2.0
// Quantisers as data: how many bits, which levels, what step; and their forward maps on the host, real -> level. Levels
// are integers held in f32: activations 0 .. 2^bits - 1, weights the odd integers 2q - (2^bits - 1), signs -1 and +1.
// Twin of shaders/lib/quant.glsl: the same f32 operations in the same order, so that both sides decide alike. Compiled
// with -ffp-contract=off.
#pragma once

#include <cmath>
#include <cstdint>

namespace lowtide::quant {

inline constexpr uint32_t kMaxBits = 8;

enum class ActivationKind : uint32_t {
  unsigned_levels,  // DoReFa (Zhou et al. 2016, equation 11): clip to [0, 1], levels 0 .. 2^bits - 1; code = level
  signs,            // -1 and +1, sign(0) = +1; one bit, code 1 = +1
};

// Highest code of `bits` bits, 1 .. 8.
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

// Code of an activation level, and back. The code of a sign is 0 for -1 and 1 for +1.
constexpr uint32_t activation_code(float level, ActivationKind kind) {
  return kind == ActivationKind::signs ? (level > 0.0f ? 1u : 0u) : static_cast<uint32_t>(level);
}
constexpr float activation_level(uint32_t code, ActivationKind kind) {
  return kind == ActivationKind::signs ? (code != 0 ? 1.0f : -1.0f) : static_cast<float>(code);
}

// Code q of the odd weight level 2q - (2^bits - 1), and back.
constexpr uint32_t weight_code(float level, uint32_t bits) {
  return static_cast<uint32_t>(static_cast<int32_t>(level) + static_cast<int32_t>(max_code(bits))) >> 1;
}
constexpr float weight_level(uint32_t code, uint32_t bits) {
  return static_cast<float>(2 * static_cast<int32_t>(code) - static_cast<int32_t>(max_code(bits)));
}

}  // namespace lowtide::quant
