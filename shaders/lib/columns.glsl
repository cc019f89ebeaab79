// SPDX-License-Identifier: Apache-2.0
// Sums over the rows of a tensor, in one dispatch (engine/ops/grid.hpp, ColumnGrid). A column is `column` items side by
// side, a power of two that divides the width; a workgroup has one slice of the rows of one column: width / column blocks
// of rows, one to an invocation's row of the workgroup. Block i holds the rows i, i + blocks, ... Included behind
// WORKGROUP_WIDTH and the spec constant `column`.
#ifndef LOWTIDE_COLUMNS_GLSL
#define LOWTIDE_COLUMNS_GLSL
#include "lib/ints.glsl"

const uint kLaneRows = gl_WorkGroupSize.x / column;
const uint kTreeRadix = 8u;  // of a sum over the rows of a workgroup: few barriers

uint lane_row() { return gl_LocalInvocationID.x / column; }
uint columns_of(uint channels) { return ceil_div(channels, column); }

// Of this workgroup or invocation; `channels`: items of a row.
uint column_of_workgroup(uint channels) { return linear_group() % columns_of(channels); }
uint slice_of_workgroup(uint channels) { return linear_group() / columns_of(channels); }
uint item_of_lane(uint channels) { return column_of_workgroup(channels) * column + gl_LocalInvocationID.x % column; }
uint block_of_lane(uint channels) { return slice_of_workgroup(channels) * kLaneRows + lane_row(); }

#endif
