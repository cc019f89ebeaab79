// SPDX-License-Identifier: Apache-2.0
// conv2d forward, depthwise.  y = scale * conv(x, w)
// x [n,h,w,c]  wt [r,s,c]  y [n,oh,ow,c]
// one invocation = four channels of one pixel of y
// needs: groups = c = k, c % 4 == 0; else forward_naive
// reads x wt, writes y; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, wt)
BUFFER_WRITE(2, vec4, y)
PUSH_CONSTANTS(Conv2dDepthwiseParams, p)

#define SOURCE x
#define DESTINATION y
#include "depthwise.glsl"
