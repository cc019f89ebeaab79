// SPDX-License-Identifier: Apache-2.0
// sparse_shift backward, tuned.  dsign = g H(sparse) 2^p;  dsparse = g sg(sign) 2^p - (sparse < 0 ? force : 0);
//   dp_T = g level ln 2;  dshift_t = dp_t (1 + p_(t-1));  dp_(t-1) = dp_t H(shift_t)
// latents, dlatents [2 + T, count]: sign, sparse, shift_1 .. shift_T  dlevels [count]  items of four f32
// one invocation = every stride-th item; p_t is kept as 1 + p_t, which is 1 exactly where shift_t is off
// needs: count of weights % 4 == 0; T <= 6
// reads latents dlevels step_block, writes dlatents; accumulate: no
// reference: engine/reference/sparse_shift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "shaders/lib/step_block.h"
#include "sparse_shift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SparseShiftParams, p)
BUFFER_READ(0, element_t, latents)
BUFFER_READ(1, element_t, dlevels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, element_t, dlatents)

const float kLn2 = 0.693147180559945;

void main() {
  const element_t zero = element_t(0.0), one = element_t(1.0);
  const element_t force = element_t(step_block[0].loss_scale * p.dense_regularizer);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    element_t successors[7];  // 1 + p_0 .. 1 + p_T
    successors[0] = one;
    element_t power = one;
    for (uint t = 0u; t < p.shifts; ++t) {
      const element_t latent = latents[(2u + t) * p.count + i];
      successors[t + 1u] = mix(one, successors[t] + 1.0, is_greater(latent, zero));
      power = mix(one, 2.0 * power, is_greater(latent, zero));
    }
    const element_t sparse_latent = latents[p.count + i];
    const element_t dpower = dlevels[i] * power;
    const element_t signed_dpower = mix(-dpower, dpower, is_at_least(latents[i], zero));
    dlatents[i] = mix(zero, dpower, is_greater(sparse_latent, zero));
    dlatents[p.count + i] = signed_dpower - mix(zero, force, is_greater(zero, sparse_latent));
    element_t dp = mix(zero, signed_dpower * kLn2, is_greater(sparse_latent, zero));
    for (uint t = p.shifts; t > 0u; --t) {
      dlatents[(1u + t) * p.count + i] = dp * successors[t - 1u];
      dp = mix(zero, dp, is_greater(successors[t], one));
    }
  }
}
