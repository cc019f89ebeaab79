// SPDX-License-Identifier: Apache-2.0
// conv2d backward_input, tuned for few channels per group.  dx = scale * transposed conv(dy, w)
// x [n,h,w,c]  w [k,r,s,group_c]  y [n,oh,ow,k]
// one invocation = tile_rows x tile_columns pixels of one channel of dx
// needs: strides divide the extents of the tile, or one tile covers the axis; else backward_input_naive
// reads dy w, writes dx; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, dy)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, dx)
PUSH_CONSTANTS(Conv2dGroupedParams, p)

#define SOURCE dy
#define DESTINATION dx
#include "grouped.glsl"
