// SPDX-License-Identifier: Apache-2.0
// deepshift_ps backward, tuned.  dsign = dlevels 2^range;  dshift = ln 2 (dlevels level + penalty 4^shift), not outwards
// latents, dlatents [2, count]: shift, sign  dlevels [count]  items of four f32
// one invocation = every stride-th item
// needs: count of weights % 4 == 0
// reads latents dlevels step_block, writes dlatents; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "shaders/lib/step_block.h"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, element_t, latents)
BUFFER_READ(1, element_t, dlevels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, element_t, dlatents)

const float kLn2 = 0.693147180559945;

void main() {
  const element_t zero = element_t(0.0);
  const float penalty_scale = step_block[0].loss_scale * p.penalty;
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t shift = latents[i];
    const element_t g = dlevels[i];
    const element_t level = deepshift_ps_sign(latents[p.count + i]) * deepshift_ps_magnitude(shift, p.range);
    element_t dshift = kLn2 * (g * level + penalty_scale * exp2(2.0 * deepshift_clamped(shift, p.range)));
    // Where the shift is at an end of its range, or beyond, only what leads back into it counts.
    dshift = mix(min(dshift, zero), dshift, is_greater(shift, element_t(-float(p.range))));
    dshift = mix(max(dshift, zero), dshift, is_greater(zero, shift));
    dlatents[i] = dshift;
    dlatents[p.count + i] = g * float(1u << p.range);
  }
}
