// SPDX-License-Identifier: Apache-2.0
// deepshift_ps backward, naive.  dsign = dlevels 2^range;  dshift = ln 2 (dlevels level + penalty 4^shift), not outwards
// latents, dlatents [2, count]: shift, sign  dlevels [count]  f32
// one invocation = one weight
// needs: nothing
// reads latents dlevels step_block, writes dlatents; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/step_block.h"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, float, latents)
BUFFER_READ(1, float, dlevels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, float, dlatents)

const float kLn2 = 0.693147180559945;

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float shift = latents[i];
  const float level = deepshift_ps_sign(latents[p.count + i]) * deepshift_ps_magnitude(shift, p.range);
  const float penalty = step_block[0].loss_scale * p.penalty * exp2(2.0 * deepshift_clamped(shift, p.range));
  const float dshift = kLn2 * (dlevels[i] * level + penalty);
  const bool is_outwards = dshift > 0.0 ? shift <= -float(p.range) : shift >= 0.0;
  dlatents[i] = is_outwards ? 0.0 : dshift;
  dlatents[p.count + i] = dlevels[i] * float(1u << p.range);
}
