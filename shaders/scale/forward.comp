// SPDX-License-Identifier: Apache-2.0
// scale forward, tuned.  y = x * s
// x, y [.., c]  s [c] or []  f32
// one invocation = every stride-th item, all of one channel (or four), whose factor it keeps
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0, or for a scalar s: count of elements % 4 == 0
// reads x s, writes y; accumulate: no
// reference: engine/reference/scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "scale.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint is_scalar = 0;
PUSH_CONSTANTS(ScaleParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, float, s)
#ifdef LOWTIDE_VEC4
BUFFER_READ_VIEW(1, vec4, s_items)
#else
#define s_items s
#endif
BUFFER_WRITE(2, element_t, y)

void main() {
  element_t factor;
  if (is_scalar != 0u) factor = element_t(s[0]);
  else factor = s_items[linear_invocation() % p.channels];
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = x[i] * factor;
}
