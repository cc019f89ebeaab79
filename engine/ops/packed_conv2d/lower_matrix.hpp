// SPDX-License-Identifier: Apache-2.0
// Packed layers by cooperative matrices of 8-bit integers (shaders/packed_conv2d/forward_matrix.comp).
#pragma once

#include "engine/ops/packed_conv2d/packed_kernel.hpp"

namespace lowtide::ops {

// How a workgroup holds its sums: subgroups in a grid, each with fragments of matrix_m x matrix_n.
struct PackedMatrixTile {
  uint32_t width = 0;  // invocations; 0: the device has no such tile
  uint32_t subgroup_rows = 1, subgroup_columns = 1;
  uint32_t row_fragments = 1, column_fragments = 1;
  uint32_t step_words = 1;         // words of channels of a turn
  uint32_t rows = 0, columns = 0;  // pixels, output channels
};

// The tile whose padding and loads cost least; columns are a multiple of 32.
PackedMatrixTile choose_packed_matrix_tile(const PackedLayer& layer, const DeviceCaps& caps);

// Whether the device can, in whole words of channels.
bool fits_matrix(const PackedLayer& layer, const DeviceCaps& caps);

// Whether the rules take it: where counting bits takes longer than a dispatch costs, on a GPU whose matrix units are
// faster at this than its bit counts.
bool prefers_matrix(const PackedLayer& layer, const DeviceCaps& caps);

void lower_matrix(const graph::Node& node, const PackedLayer& layer, const DeviceCaps& caps, DispatchList& out);

}  // namespace lowtide::ops
