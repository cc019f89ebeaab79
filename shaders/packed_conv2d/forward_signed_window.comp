// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned, for channels in any number.  sums as in forward_signed.comp
// x [n,h,w,c] x_planes planes  w u32 [words] of k filters (quant/pack.hpp)  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = `block` output channels of a pixel, all accumulators in registers; invocations run along pixels
// needs: groups = 1; else forward_naive
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"
#include "pixel_block.glsl"
#include "signed_sums.glsl"
#include "window_loop.glsl"
