// SPDX-License-Identifier: Apache-2.0
// self_test cooperative_matrix.  y = a * b + c, a and b in f16
// x f32: a [m, k], b [k, n], c [m, n], one behind the other; y f32 [m, n]
// one workgroup of one subgroup = the product
// needs: cooperative_matrix; a shape that the device lists for f16 x f16 -> f32
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#pragma use_vulkan_memory_model
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#include "lib/buffer.glsl"
#include "self_test.params.h"

layout(constant_id = 1) const uint matrix_m = 16;
layout(constant_id = 2) const uint matrix_n = 16;
layout(constant_id = 3) const uint matrix_k = 16;

WORKGROUP_WIDTH(32)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)
PUSH_CONSTANTS(SelfTestParams, p)

shared float16_t a_part[matrix_m * matrix_k];
shared float16_t b_part[matrix_k * matrix_n];
shared float c_part[matrix_m * matrix_n];

void main() {
  const uint lane = gl_LocalInvocationIndex, lanes = workgroup_width();
  const uint a_count = matrix_m * matrix_k, b_count = matrix_k * matrix_n, c_count = p.count;
  for (uint i = lane; i < a_count; i += lanes) a_part[i] = float16_t(x[i]);
  for (uint i = lane; i < b_count; i += lanes) b_part[i] = float16_t(x[a_count + i]);
  for (uint i = lane; i < c_count; i += lanes) c_part[i] = x[a_count + b_count + i];
  barrier();
  coopmat<float16_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA> a;
  coopmat<float16_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB> b;
  coopmat<float, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator> c;
  coopMatLoad(a, a_part, 0, matrix_k, gl_CooperativeMatrixLayoutRowMajor);
  coopMatLoad(b, b_part, 0, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
  coopMatLoad(c, c_part, 0, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
  c = coopMatMulAdd(a, b, c);
  barrier();
  coopMatStore(c, c_part, 0, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
  barrier();
  for (uint i = lane; i < c_count; i += lanes) y[i] = c_part[i];
}
