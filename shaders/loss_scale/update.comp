// SPDX-License-Identifier: Apache-2.0
// loss_scale update.  used = scale;  scale = finite ? (count + 1 == interval ? min(2 scale, largest) : scale) : max(scale / 2, 1)
// finite, scale, count, used []  f32
// one invocation does everything
// needs: nothing
// reads finite, updates scale count, writes used; accumulate: no
// reference: engine/reference/loss_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "loss_scale.params.h"

WORKGROUP_WIDTH(1)
PUSH_CONSTANTS(LossScaleParams, p)
BUFFER_READ(0, float, finite)
BUFFER_READ_WRITE(1, float, scale)
BUFFER_READ_WRITE(2, float, count)
BUFFER_WRITE(3, float, used)

void main() {
  if (linear_invocation() != 0u) return;
  const float before = scale[0];
  const float steps = count[0] + 1.0;
  used[0] = before;
  if (isnan(finite[0]) || isinf(finite[0])) {
    scale[0] = max(before * 0.5, 1.0);
    count[0] = 0.0;
    return;
  }
  const bool is_due = steps >= float(p.interval);
  scale[0] = is_due ? min(before * 2.0, p.largest) : before;
  count[0] = is_due ? 0.0 : steps;
}
