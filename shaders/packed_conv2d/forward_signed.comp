// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned, levels with signs.  acc = sum_i 2^i (sum_j +-2^j pop((w_j ^ s) & m_i) + pop(s & m_i))
// x [n,h,w,c] x_planes planes  w u32 [words] of k filters (quant/pack.hpp)  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = `block` output channels of a pixel, all accumulators in registers; invocations run along pixels
// needs: groups, channels and unrolls as pixel_loop.glsl says; else forward_signed_window, forward_naive
// reads x w thresholds (multiplier offset; tap_scale), writes y; accumulate: no
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
#include "pixel_loop.glsl"
