// SPDX-License-Identifier: Apache-2.0
// channel_dot forward.  y[c] = sum over rows of a[.., c] b[.., c]
// a, b [.., c]  partials [slices, c]  counters [columns]  y [c]  f32
// one workgroup = a slice of the rows of one column of channels (lib/columns.glsl); the last one of a column adds its slices
// needs: stride = blocks * channels, blocks a multiple of width / column; LOWTIDE_VEC4: c % 4 == 0
// reads a b, updates partials counters, writes y; accumulate: no
// reference: engine/reference/channel_dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/last_workgroup.glsl"
#include "channel_dot.params.h"

WORKGROUP_WIDTH(128)
layout(constant_id = 1) const uint column = 16;
PUSH_CONSTANTS(ChannelDotParams, p)
BUFFER_READ(0, element_t, a)
BUFFER_READ(1, element_t, b)
BUFFER_EXCHANGE(2, element_t, partials)
BUFFER_COUNTERS(3)
BUFFER_WRITE(4, element_t, y)

#include "lib/column_sum.glsl"

void main() {
  element_t sum = element_t(0.0);
  FOR_BLOCK_ITEMS(i, p.count, p.channels, p.stride) sum += a[i] * b[i];
  if (finish_column_sum(p.channels, p.stride, sum)) y[item_of_lane(p.channels)] = sum;
}
