// SPDX-License-Identifier: Apache-2.0
// Compiles where the compiler knows the second generation of cooperative matrices.
#version 450
#pragma use_vulkan_memory_model
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix2 : require
layout(local_size_x = 32) in;
layout(binding = 0, std430) buffer Block { float y[]; };
float twice(const in uint row, const in uint column, const in float element) { return 2.0 * element; }
void main() {
  coopmat<float, gl_ScopeWorkgroup, 32, 32, gl_MatrixUseAccumulator> m;
  coopMatLoad(m, y, 0, 32, gl_CooperativeMatrixLayoutRowMajor);
  coopMatPerElementNV(m, m, twice);
  coopMatStore(m, y, 0, 32, gl_CooperativeMatrixLayoutRowMajor);
}
