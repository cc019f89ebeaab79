// SPDX-License-Identifier: Apache-2.0
// deepshift_ps forward, tuned.  level = sign(round(sign)) 2^(round(shift) + range), shift clamped
// latents [2, count]: shift, sign  levels [count]  items of four f32
// one invocation = every stride-th item
// needs: count of weights % 4 == 0
// reads latents, writes levels; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, element_t, latents)
BUFFER_WRITE(1, element_t, levels)

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t shift = latents[i];
    const element_t sign_latent = latents[p.count + i];
    const element_t weight_sign = deepshift_ps_sign(sign_latent);
    if (p.is_rounded != 0u) {
      levels[i] = weight_sign * deepshift_ps_magnitude(shift, p.range);
    } else {
      levels[i] = sign_latent * float(1u << p.range) + weight_sign * exp2(shift + float(p.range));
    }
  }
}
