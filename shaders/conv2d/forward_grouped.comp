// SPDX-License-Identifier: Apache-2.0
// conv2d forward, tuned for few channels per group.  y = scale * conv(x, w)
// x [n,h,w,c]  w [k,r,s,group_c]  y [n,oh,ow,k]
// one invocation = tile_rows x tile_columns pixels of one channel of y
// needs: kernel_height * kernel_width weights fit registers; else forward_naive
// reads x w, writes y; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, y)
PUSH_CONSTANTS(Conv2dGroupedParams, p)

#define SOURCE x
#define DESTINATION y
#include "grouped.glsl"
