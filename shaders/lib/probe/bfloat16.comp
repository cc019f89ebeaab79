// SPDX-License-Identifier: Apache-2.0
// Compiles where the compiler knows the bfloat16 type.
#version 450
#extension GL_EXT_bfloat16 : require
layout(local_size_x = 1) in;
layout(binding = 0, std430) buffer Block { bfloat16_t y[]; };
void main() { y[0] = bfloat16_t(2.0 * float(y[1])); }
