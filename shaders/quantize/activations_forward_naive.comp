// SPDX-License-Identifier: Apache-2.0
// quantize_activations forward, naive.  levels = round_half_even(clip(x, 0, 1) * (2^bits - 1))
// x, levels [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x, writes levels; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, levels)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  levels[i] = p.is_rounded != 0u ? quantize_activation(x[i], p.bits) : clamp(x[i], 0.0, 1.0) * max_code(p.bits);
}
