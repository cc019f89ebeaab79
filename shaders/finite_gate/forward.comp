// SPDX-License-Identifier: Apache-2.0
// finite_gate forward.  y = x where x and its conditions are finite, else NaN
// x, c1 .. c6, y []  f32
// one invocation does everything
// needs: nothing
// reads x c1 .. c6, writes y; accumulate: no
// reference: engine/reference/finite_gate.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "finite_gate.params.h"

WORKGROUP_WIDTH(1)
PUSH_CONSTANTS(FiniteGateParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, c1)
BUFFER_READ(2, float, c2)
BUFFER_READ(3, float, c3)
BUFFER_READ(4, float, c4)
BUFFER_READ(5, float, c5)
BUFFER_READ(6, float, c6)
BUFFER_WRITE(7, float, y)

void main() {
  if (linear_invocation() != 0u) return;
  const float values[7] = float[7](x[0], c1[0], c2[0], c3[0], c4[0], c5[0], c6[0]);
  bool is_finite = true;
  for (uint i = 0u; i < p.count; ++i) is_finite = is_finite && !isnan(values[i]) && !isinf(values[i]);
  y[0] = is_finite ? values[0] : uintBitsToFloat(0x7fc00000u);
}
