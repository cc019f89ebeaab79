// SPDX-License-Identifier: Apache-2.0
// conv2d backward_input, tuned.  dx = scale * conv_transpose(dy, w)
// dy [n,oh,ow,k]  w [k,r,s,group_c]  dx [n,h,w,c]
// one workgroup = tile_images x tile_columns pixels of one row x its width in channels, one channel per lane
// needs: step_channels divides group_k, stride divides tile_columns or one tile covers a row; else backward_input_naive
// reads dy w, writes dx; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(16)
BUFFER_READ(0, float, dy)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, dx)
PUSH_CONSTANTS(Conv2dTileParams, p)

#define SOURCE(i, channel) dy[i]
#define DESTINATION dx
#include "tile.glsl"
