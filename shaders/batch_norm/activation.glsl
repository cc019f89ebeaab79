// SPDX-License-Identifier: Apache-2.0
// What batch_norm_activation's kernels share: the activation, the quantiser, the byte of each element
// (engine/ops/batch_norm/activation.hpp) and the gradient that the byte lets through. Included behind the declaration
// of p. Numbers are those of shaders/relu, clip, quantize, operation by operation.
layout(constant_id = 1) const uint activation = 0;  // ops::NormActivation
layout(constant_id = 2) const uint quantizer = 0;   // ops::NormQuantizer

const uint kRelu = 1u, kClip = 2u;
const uint kUnsigned = 1u, kNormSigns = 2u;

vec4 activate(vec4 s) {
  if (activation == kRelu) return max(s, vec4(0.0));
  if (activation == kClip) return clamp(s, p.lo, p.hi);
  return s;
}

uvec4 passes_activation(vec4 s) {
  if (activation == kRelu) return uvec4(greaterThan(s, vec4(0.0)));
  if (activation == kClip) return uvec4(greaterThanEqual(s, vec4(p.lo))) & uvec4(lessThanEqual(s, vec4(p.hi)));
  return uvec4(1u);
}

vec4 level_of(vec4 a) {
  if (quantizer == kNormSigns) return quantize_sign(a);
  const vec4 clipped = mix(vec4(0.0), min(a, vec4(1.0)), greaterThan(a, vec4(0.0)));
  return roundEven(clipped * p.max_level);
}

uvec4 passes_quantizer(vec4 a) {
  if (quantizer == kNormSigns) return uvec4(lessThanEqual(abs(a), vec4(p.window)));
  return uvec4(greaterThanEqual(a, vec4(0.0))) & uvec4(lessThanEqual(a, vec4(1.0)));
}

uint code_word(uvec4 bytes) { return bytes.x | bytes.y << 8 | bytes.z << 16 | bytes.w << 24; }

bvec4 code_bit(uint code, uint bit) {
  return notEqual((uvec4(code) >> uvec4(bit, bit + 8u, bit + 16u, bit + 24u)) & 1u, uvec4(0u));
}

// d through the quantiser.
vec4 through_quantizer(vec4 dlevels, uint code) {
  if (quantizer == kNormSigns) return dlevels * mix(vec4(0.0), vec4(1.0), code_bit(code, 7u));
  return mix(vec4(0.0), dlevels * p.max_level, code_bit(code, 7u));
}

// d through the activation.
vec4 through_activation(vec4 d, uint code) { return activation == 0u ? d : mix(vec4(0.0), d, code_bit(code, 6u)); }
