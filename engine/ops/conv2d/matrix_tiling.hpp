// SPDX-License-Identifier: Apache-2.0
// How the cooperative-matrix kernels of conv2d cut their work among workgroups and subgroups (shaders/conv2d/
// matrix_tile.glsl): pure functions of extents and device. Correctness does not depend on the choice, only speed.
#pragma once

#include <cstdint>

#include "engine/kernel/caps.hpp"

namespace lowtide::ops {

struct MatrixTile {
  uint32_t width = 0;  // invocations; 0: the device has no such tile
  uint32_t subgroup_rows = 1, subgroup_columns = 1;
  uint32_t row_fragments = 1, column_fragments = 1;
  uint32_t step = 16;              // products per sum and turn
  uint32_t rows = 0, columns = 0;  // of the tile, in sums
};

// A product of [rows, reduced] and [reduced, columns] matrices.
struct MatrixWork {
  uint64_t rows;
  uint32_t columns;
  uint64_t reduced;
  bool is_weight = false;  // of backward_weight, whose shared memory lies the other way
};

// The tile whose padding and loads cost least. None (width 0) where the device lists no shape of f16 matrices with f32
// sums, or has too little shared memory or too small workgroups for any.
MatrixTile choose_matrix_tile(const MatrixWork& work, const DeviceCaps& caps);

// Slices that the `reduced` products of a weight gradient are cut into, so that `tiles` tiles fill a large device.
uint32_t choose_matrix_slices(uint64_t reduced, uint64_t tiles, const MatrixTile& tile);

}  // namespace lowtide::ops
