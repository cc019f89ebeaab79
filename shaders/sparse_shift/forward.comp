// SPDX-License-Identifier: Apache-2.0
// sparse_shift forward, tuned.  level = sg(sign) H(sparse) 2^(p_T), by powers: 2^(p_t) = H(shift_t) ? 2 2^(p_(t-1)) : 1
// latents [2 + T, count]: sign, sparse, shift_1 .. shift_T  levels [count]  items of four f32
// one invocation = every stride-th item
// needs: count of weights % 4 == 0
// reads latents, writes levels; accumulate: no
// reference: engine/reference/sparse_shift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "sparse_shift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SparseShiftParams, p)
BUFFER_READ(0, element_t, latents)
BUFFER_WRITE(1, element_t, levels)

element_t surrogate(uint i) {
  element_t exponent = element_t(0.0);
  for (uint t = 2u; t < 2u + p.shifts; ++t) exponent = latents[t * p.count + i] * (1.0 + exponent);
  return latents[i] * latents[p.count + i] * exp2(exponent);
}

void main() {
  const element_t zero = element_t(0.0), one = element_t(1.0);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    if (p.is_rounded == 0u) {
      levels[i] = surrogate(i);
      continue;
    }
    element_t power = one;
    for (uint t = 2u; t < 2u + p.shifts; ++t) power = mix(one, 2.0 * power, is_greater(latents[t * p.count + i], zero));
    const element_t magnitude = mix(zero, power, is_greater(latents[p.count + i], zero));
    levels[i] = mix(-magnitude, magnitude, is_at_least(latents[i], zero));
  }
}
