// SPDX-License-Identifier: Apache-2.0
// conv2d forward, tuned.  y = scale * conv(x, w); LOWTIDE_AFFINE: y = clamp(that * multiplier + offset, lo, hi)
// x [n,h,w,c], LOWTIDE_PIXELS: bytes (pixels.glsl)  w [k,r,s,group_c] or transposed  y [n,oh,ow,k]
// one workgroup = tile_images x tile_columns pixels of one row x its width in channels, one channel per lane
// needs: step_channels divides group_c; else forward_naive
// reads x w (multiplier offset), writes y; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(16)
#include "pixels.glsl"
BUFFER_READ(1, float, w)
#ifdef LOWTIDE_AFFINE
BUFFER_READ(2, float, multiplier)
BUFFER_READ(3, float, offset)
BUFFER_WRITE(4, float, y)
#else
BUFFER_WRITE(2, float, y)
#endif
PUSH_CONSTANTS(Conv2dTileParams, p)

#ifdef LOWTIDE_AFFINE
#include "affine.glsl"
#endif

#define SOURCE(i, channel) X(i, channel)
#define DESTINATION y
#include "tile.glsl"
