// SPDX-License-Identifier: Apache-2.0
// Forward maps of the quantisers, real -> level; twin of engine/quant/quantizer. A level is an integer held in f32.
// One multiplication, then rounding half to even: no operation that a compiler could contract or reorder. Those on vec4 do
// the same to each component.
#ifndef LOWTIDE_QUANT_GLSL
#define LOWTIDE_QUANT_GLSL

// Highest code of `bits` bits, 1 .. 8 and 16.
float max_code(uint bits) { return float((1u << bits) - 1u); }

// DoReFa activation (Zhou et al. 2016, equation 11): clip to [0, 1], levels 0 .. 2^bits - 1. NaN becomes level 0.
float quantize_activation(float x, uint bits) {
  const float clipped = x > 0.0 ? min(x, 1.0) : 0.0;
  return roundEven(clipped * max_code(bits));
}

vec4 quantize_activation(vec4 x, uint bits) {
  const vec4 clipped = mix(vec4(0.0), min(x, vec4(1.0)), greaterThan(x, vec4(0.0)));
  return roundEven(clipped * max_code(bits));
}

// DoReFa weight (Zhou et al. 2016, equation 9): the latent weight's place in [0, 1]. tanh_w = tanh(w);
// max_abs_tanh = the largest |tanh(w)| of the tensor, positive.
float weight_unit(float tanh_w, float max_abs_tanh) {
  precise float ratio = tanh_w / max_abs_tanh;
  precise float half_ratio = 0.5 * ratio;
  precise float unit = half_ratio + 0.5;
  return unit > 0.0 ? min(unit, 1.0) : 0.0;
}

vec4 weight_unit(vec4 tanh_w, float max_abs_tanh) {
  precise vec4 ratio = tanh_w / max_abs_tanh;
  precise vec4 half_ratio = 0.5 * ratio;
  precise vec4 unit = half_ratio + 0.5;
  return mix(vec4(0.0), min(unit, vec4(1.0)), greaterThan(unit, vec4(0.0)));
}

// Odd levels 2q - (2^bits - 1), q = 0 .. 2^bits - 1, of a place in [0, 1].
float quantize_weight(float unit, uint bits) {
  const float n = max_code(bits);
  return 2.0 * roundEven(unit * n) - n;
}
vec4 quantize_weight(vec4 unit, uint bits) {
  const float n = max_code(bits);
  return 2.0 * roundEven(unit * n) - n;
}

// -1 or +1; sign(0) = sign(-0) = +1. NaN becomes -1.
float quantize_sign(float x) { return x >= 0.0 ? 1.0 : -1.0; }
vec4 quantize_sign(vec4 x) { return mix(vec4(-1.0), vec4(1.0), greaterThanEqual(x, vec4(0.0))); }

// Unsigned levels with a step of its own (Esser et al. 2020, equation 1); inverse_step = 1 / step. NaN becomes level 0.
float quantize_step(float x, float inverse_step, uint bits) {
  precise float place = x * inverse_step;
  return roundEven(place > 0.0 ? min(place, max_code(bits)) : 0.0);
}

// Shift level 0 or +-2^i, 2 to 4 bits: the exponent code counts the thresholds that |x| reaches; the first
// 2^(bits - 1) - 1 of them, descending, are used. Two bits are the ternary rule, zero for |x| <= t. NaN becomes level 0.
float quantize_shift(float x, uint bits, float thresholds[7]) {
  const float magnitude = abs(x);
  uint exponent = 0u;
  for (uint i = 0u; i < (1u << (bits - 1u)) - 1u; ++i) {
    const bool is_reached = bits == 2u ? magnitude > thresholds[i] : magnitude >= thresholds[i];
    exponent += is_reached ? 1u : 0u;
  }
  if (exponent == 0u) return 0.0;
  const float level = float(1u << (exponent - 1u));
  return x < 0.0 ? -level : level;
}

#endif
