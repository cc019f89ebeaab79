// SPDX-License-Identifier: Apache-2.0
// conv2d backward_input, depthwise.  dx = scale * transposed conv(dy, w)
// x [n,h,w,c]  wt [r,s,c]  y [n,oh,ow,c]
// one invocation = four channels of one pixel of dx
// needs: groups = c = k, c % 4 == 0; else backward_input_naive
// reads dy wt, writes dx; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, vec4, dy)
BUFFER_READ(1, vec4, wt)
BUFFER_WRITE(2, vec4, dx)
PUSH_CONSTANTS(Conv2dDepthwiseParams, p)

#define SOURCE dy
#define DESTINATION dx
#include "depthwise.glsl"
