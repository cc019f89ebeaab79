// SPDX-License-Identifier: Apache-2.0
// prelu backward of the slope.  dslope[c] = sum over rows of x dy where x <= 0
// x, dy [.., c]  partials [slices, c]  counters [columns]  dslope [c]  f32
// one workgroup = a slice of the rows of one column of channels (lib/columns.glsl); the last one of a column adds its slices
// needs: stride = blocks * channels, blocks a multiple of width / column; LOWTIDE_VEC4: c % 4 == 0
// reads x dy, updates partials counters, writes dslope; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/last_workgroup.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(128)
layout(constant_id = 1) const uint column = 16;
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_EXCHANGE(2, element_t, partials)
BUFFER_COUNTERS(3)
BUFFER_WRITE(4, element_t, dslope)

#include "lib/column_sum.glsl"

void main() {
  element_t sum = element_t(0.0);
  FOR_BLOCK_ITEMS(i, p.count, p.channels, p.stride) sum += min(x[i], element_t(0.0)) * dy[i];
  if (finish_column_sum(p.channels, p.stride, sum)) dslope[item_of_lane(p.channels)] = sum;
}
