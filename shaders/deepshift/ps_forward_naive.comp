// SPDX-License-Identifier: Apache-2.0
// deepshift_ps forward, naive.  level = sign(round(sign)) 2^(round(shift) + range), shift clamped
// latents [2, count]: shift, sign  levels [count]  f32
// one invocation = one weight
// needs: nothing
// reads latents, writes levels; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, float, latents)
BUFFER_WRITE(1, float, levels)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float shift = latents[i];
  const float sign_latent = latents[p.count + i];
  const float weight_sign = deepshift_ps_sign(sign_latent);
  if (p.is_rounded != 0u) {
    levels[i] = weight_sign * deepshift_ps_magnitude(shift, p.range);
  } else {
    levels[i] = sign_latent * float(1u << p.range) + weight_sign * exp2(shift + float(p.range));
  }
}
