// SPDX-License-Identifier: Apache-2.0
// Compiles where the compiler knows packed 8-bit dot products.
#version 450
#extension GL_EXT_integer_dot_product : require
layout(local_size_x = 1) in;
layout(binding = 0, std430) buffer Block { int y[]; };
void main() { y[0] = dotPacked4x8AccSatEXT(y[1], y[2], y[3]); }
