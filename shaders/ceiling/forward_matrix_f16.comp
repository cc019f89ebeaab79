// SPDX-License-Identifier: Apache-2.0
// ceiling.  c_ij += a_i b_j of cooperative matrices in registers, f16 x f16 -> f32, again and again
// y f32 [subgroups, m, n]: c_00; every element of a_i is factor, every one of b_j is addend
// one subgroup = a 2 x 4 block of products
// needs: cooperative_matrix; a shape that the device lists for f16 x f16 -> f32
// reads nothing, writes y; accumulate: no
// reference: tools/bench/ceilings.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#pragma use_vulkan_memory_model
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "ceiling.params.h"

layout(constant_id = 1) const uint matrix_m = 16;
layout(constant_id = 2) const uint matrix_n = 16;
layout(constant_id = 3) const uint matrix_k = 16;

const uint kRows = 2u;
const uint kColumns = 4u;

WORKGROUP_WIDTH(128)
BUFFER_WRITE(0, float, y)
PUSH_CONSTANTS(CeilingParams, p)

void main() {
  coopmat<float16_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA> a[kRows];
  coopmat<float16_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB> b[kColumns];
  coopmat<float, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator> c[kRows][kColumns];
  [[unroll]] for (uint i = 0u; i < kRows; ++i) {
    a[i] = coopmat<float16_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA>(float16_t(p.factor));
  }
  [[unroll]] for (uint j = 0u; j < kColumns; ++j) {
    b[j] = coopmat<float16_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB>(float16_t(p.addend));
  }
  [[unroll]] for (uint i = 0u; i < kRows; ++i) {
    [[unroll]] for (uint j = 0u; j < kColumns; ++j) {
      c[i][j] = coopmat<float, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator>(float(p.start + i + j));
    }
  }
  for (uint t = 0u; t < p.iterations; ++t) {
    [[unroll]] for (uint i = 0u; i < kRows; ++i) {
      [[unroll]] for (uint j = 0u; j < kColumns; ++j) c[i][j] = coopMatMulAdd(a[i], b[j], c[i][j]);
    }
  }
  // All blocks are used, so that no compiler leaves one out; they add up to c_00 plus what they started from.
  [[unroll]] for (uint i = 0u; i < kRows; ++i) {
    [[unroll]] for (uint j = 0u; j < kColumns; ++j) {
      if (i + j > 0u) c[0][0] += c[i][j];
    }
  }
  const uint at = (linear_group() * gl_NumSubgroups + gl_SubgroupID) * matrix_m * matrix_n;
  coopMatStore(c[0][0], y, at, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
}
