// SPDX-License-Identifier: Apache-2.0
// sparse_shift backward, naive.  dsign = g H(sparse) 2^p;  dsparse = g sg(sign) 2^p - (sparse < 0 ? force : 0);
//   dp_T = g level ln 2;  dshift_t = dp_t (1 + p_(t-1));  dp_(t-1) = dp_t H(shift_t)
// latents, dlatents [2 + T, count]: sign, sparse, shift_1 .. shift_T  dlevels [count]  f32
// one invocation = one weight
// needs: T <= 6
// reads latents dlevels step_block, writes dlatents; accumulate: no
// reference: engine/reference/sparse_shift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/step_block.h"
#include "sparse_shift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SparseShiftParams, p)
BUFFER_READ(0, float, latents)
BUFFER_READ(1, float, dlevels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, float, dlatents)

const float kLn2 = 0.693147180559945;

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  uint exponents[7];  // p_0 .. p_T
  exponents[0] = 0u;
  for (uint t = 0u; t < p.shifts; ++t) {
    exponents[t + 1u] = latents[(2u + t) * p.count + i] > 0.0 ? exponents[t] + 1u : 0u;
  }
  const float g = dlevels[i];
  const float power = float(1u << exponents[p.shifts]);
  const float signed_power = latents[i] >= 0.0 ? power : -power;
  const float sparse_latent = latents[p.count + i];
  const bool is_on = sparse_latent > 0.0;
  const float force = sparse_latent < 0.0 ? step_block[0].loss_scale * p.dense_regularizer : 0.0;
  dlatents[i] = is_on ? g * power : 0.0;
  dlatents[p.count + i] = g * signed_power - force;
  float dp = is_on ? g * signed_power * kLn2 : 0.0;
  for (uint t = p.shifts; t > 0u; --t) {
    dlatents[(1u + t) * p.count + i] = dp * float(1u + exponents[t - 1u]);
    if (exponents[t] == 0u) dp = 0.0;
  }
}
