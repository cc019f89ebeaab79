// SPDX-License-Identifier: Apache-2.0
// sparse_shift forward, naive.  level = sg(sign) H(sparse) 2^(p_T),  p_t = H(shift_t) (1 + p_(t-1)),  p_0 = 0
// latents [2 + T, count]: sign, sparse, shift_1 .. shift_T  levels [count]  f32
// one invocation = one weight
// needs: nothing
// reads latents, writes levels; accumulate: no
// reference: engine/reference/sparse_shift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "sparse_shift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SparseShiftParams, p)
BUFFER_READ(0, float, latents)
BUFFER_WRITE(1, float, levels)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float sign_latent = latents[i];
  const float sparse_latent = latents[p.count + i];
  if (p.is_rounded == 0u) {
    float exponent = 0.0;
    for (uint t = 0u; t < p.shifts; ++t) exponent = latents[(2u + t) * p.count + i] * (1.0 + exponent);
    levels[i] = sign_latent * sparse_latent * exp2(exponent);
    return;
  }
  uint exponent = 0u;
  for (uint t = 0u; t < p.shifts; ++t) exponent = latents[(2u + t) * p.count + i] > 0.0 ? exponent + 1u : 0u;
  const float magnitude = sparse_latent > 0.0 ? float(1u << exponent) : 0.0;
  levels[i] = sign_latent >= 0.0 ? magnitude : -magnitude;
}
