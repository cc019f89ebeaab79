// SPDX-License-Identifier: Apache-2.0
// Compiles where the compiler knows cooperative matrices.
#version 450
#pragma use_vulkan_memory_model
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
layout(local_size_x = 32) in;
layout(binding = 0, std430) buffer Block { float y[]; };
void main() {
  coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> m;
  coopMatLoad(m, y, 0, 16, gl_CooperativeMatrixLayoutRowMajor);
  coopMatStore(m, y, 0, 16, gl_CooperativeMatrixLayoutRowMajor);
}
