// SPDX-License-Identifier: Apache-2.0
// What the cooperative-matrix kernels of conv2d share: the shape of the workgroup's tile and how sums leave it.
//
// A workgroup holds tile_rows x tile_columns sums; its subgroups stand in a grid of subgroup_rows x subgroup_columns, and
// each holds row_fragments x column_fragments matrices of matrix_m x matrix_n sums in f32. Operands pass through shared
// memory as f16, in turns of step_reduced products per sum; while a turn is multiplied, the loads of the next one are
// under way into registers. Rows of shared memory are 16 bytes longer than they need be, against bank conflicts.

layout(constant_id = 1) const uint matrix_m = 16;  // a shape that the device lists for f16 x f16 -> f32
layout(constant_id = 2) const uint matrix_n = 16;
layout(constant_id = 3) const uint matrix_k = 16;
layout(constant_id = 4) const uint subgroup_rows = 1;
layout(constant_id = 5) const uint subgroup_columns = 1;
layout(constant_id = 6) const uint row_fragments = 1;
layout(constant_id = 7) const uint column_fragments = 1;
layout(constant_id = 8) const uint step_reduced = 16;  // a multiple of matrix_k and of 16

const uint tile_rows = subgroup_rows * row_fragments * matrix_m;
const uint tile_columns = subgroup_columns * column_fragments * matrix_n;
const uint fragments = row_fragments * column_fragments;

#define SUMS coopmat<float, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator>
#define OPERAND_A coopmat<float16_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA>
#define OPERAND_B coopmat<float16_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB>

shared float staged[subgroup_rows * subgroup_columns * matrix_m * matrix_n];

uint first_row_of_subgroup() { return gl_SubgroupID / subgroup_columns * row_fragments * matrix_m; }
uint first_column_of_subgroup() { return gl_SubgroupID % subgroup_columns * column_fragments * matrix_n; }
