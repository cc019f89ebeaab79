// SPDX-License-Identifier: Apache-2.0
// self_test cooperative_matrix_int8.  y = a * b + c, a and b of 8 bits with sign, c and y of 32
// x u32: a [m, k / 4] and b [n, k / 4] of 4 elements a word, c [m, n], one behind the other; y u32 [m, n]
// one workgroup of one subgroup = the product
// needs: cooperative_matrix_int8; a shape that the device lists for s8 x s8 -> s32
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#pragma use_vulkan_memory_model
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#include "lib/buffer.glsl"
#include "self_test.params.h"

layout(constant_id = 1) const uint matrix_m = 16;
layout(constant_id = 2) const uint matrix_n = 16;
layout(constant_id = 3) const uint matrix_k = 32;

WORKGROUP_WIDTH(32)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, uint, y)
PUSH_CONSTANTS(SelfTestParams, p)

const uint stride = matrix_k / 4u + 4u;  // of a row, in words: rows start at multiples of 8 bytes

shared uint a_part[matrix_m * stride];
shared uint b_part[matrix_n * stride];
shared int c_part[matrix_m * matrix_n];

void main() {
  const uint lane = gl_LocalInvocationIndex, lanes = workgroup_width(), row_words = matrix_k / 4u;
  const uint a_words = matrix_m * row_words, b_words = matrix_n * row_words, c_count = p.count;
  for (uint i = lane; i < a_words; i += lanes) a_part[i / row_words * stride + i % row_words] = x[i];
  for (uint i = lane; i < b_words; i += lanes) b_part[i / row_words * stride + i % row_words] = x[a_words + i];
  for (uint i = lane; i < c_count; i += lanes) c_part[i] = int(x[a_words + b_words + i]);
  barrier();
  coopmat<int8_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA> a;
  coopmat<int8_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB> b;
  coopmat<int, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator> c;
  coopMatLoad(a, a_part, 0, stride, gl_CooperativeMatrixLayoutRowMajor);
  coopMatLoad(b, b_part, 0, stride, gl_CooperativeMatrixLayoutColumnMajor);
  coopMatLoad(c, c_part, 0, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
  c = coopMatMulAdd(a, b, c);
  barrier();
  coopMatStore(c, c_part, 0, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
  barrier();
  for (uint i = lane; i < c_count; i += lanes) y[i] = uint(c_part[i]);
}
