// SPDX-License-Identifier: Apache-2.0
// Compiles where the compiler knows cooperative matrices of 8-bit integers.
#version 450
#pragma use_vulkan_memory_model
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
layout(local_size_x = 32) in;
layout(binding = 0, std430) buffer Block { uint y[]; };
shared uint part[128];
void main() {
  coopmat<int8_t, gl_ScopeSubgroup, 16, 32, gl_MatrixUseA> m;
  part[gl_LocalInvocationIndex] = y[gl_LocalInvocationIndex];
  barrier();
  coopMatLoad(m, part, 0, 8, gl_CooperativeMatrixLayoutRowMajor);
  y[0] = uint(m[0]);
}
