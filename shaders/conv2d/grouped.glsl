// SPDX-License-Identifier: Apache-2.0
// The body of forward_grouped and backward_input_grouped: convolutions of few channels per group, depthwise above all.
// Both gather, as tile.glsl says: for destination pixel d and kernel position t the source pixel is
// (d * numerator + t * step + offset) / denominator along either axis, where that division is exact. But lanes run over
// the channels of all groups, so that none idles; source elements then differ from lane to lane, and what pays is to
// load each once for all the taps that it meets: a lane computes tile_rows x tile_columns pixels of one channel.
// Everything about the tile is decided when the pipeline is made; the body unrolls into loads and multiply-adds.

layout(constant_id = 1) const uint tile_rows = 1;     // destination pixels of an invocation
layout(constant_id = 2) const uint tile_columns = 1;
layout(constant_id = 3) const uint kernel_height = 1;
layout(constant_id = 4) const uint kernel_width = 1;
layout(constant_id = 5) const int row_numerator = 1;
layout(constant_id = 6) const int row_denominator = 1;
layout(constant_id = 7) const int row_step = 1;
layout(constant_id = 8) const int row_offset = 0;
layout(constant_id = 9) const int column_numerator = 1;
layout(constant_id = 10) const int column_denominator = 1;
layout(constant_id = 11) const int column_step = 1;
layout(constant_id = 12) const int column_offset = 0;
layout(constant_id = 13) const uint group_lanes = 1;    // destination channels of a group
layout(constant_id = 14) const uint group_reduced = 1;  // source channels of a group: what a sum runs over

// Source rows and columns that a tile meets, counted from its base: pixel 0 of the tile through the formula without
// offset.
const int kBias = 1 << 16;  // keeps dividends positive, where GLSL defines / and %
const int kRowSpan = int(kernel_height - 1u) * row_step;
const int kRowLow = row_offset + (row_step < 0 ? kRowSpan : 0);
const int kRowHigh = row_offset + (row_step < 0 ? 0 : kRowSpan) + int(tile_rows - 1u) * row_numerator;
const int kFirstRow = (kRowLow + kBias * row_denominator + row_denominator - 1) / row_denominator - kBias;
const int kLastRow = (kRowHigh + kBias * row_denominator) / row_denominator - kBias;
const int kColumnSpan = int(kernel_width - 1u) * column_step;
const int kColumnLow = column_offset + (column_step < 0 ? kColumnSpan : 0);
const int kColumnHigh = column_offset + (column_step < 0 ? 0 : kColumnSpan) + int(tile_columns - 1u) * column_numerator;
const int kFirstColumn = (kColumnLow + kBias * column_denominator + column_denominator - 1) / column_denominator - kBias;
const int kLastColumn = (kColumnHigh + kBias * column_denominator) / column_denominator - kBias;

void main() {
  uint item = linear_invocation();
  if (item >= p.count) return;
  const uint channel = item % p.destination_channels;
  item /= p.destination_channels;
  const uint first_column = item % p.column_tiles * tile_columns;
  item /= p.column_tiles;
  const uint first_row = item % p.row_tiles * tile_rows;
  const uint image = item / p.row_tiles;
  const int base_row = int(first_row) * row_numerator / row_denominator;
  const int base_column = int(first_column) * column_numerator / column_denominator;
  const uint group = channel / group_lanes;
  const uint w_base = group * p.w_group + channel % group_lanes * p.w_lane;
  const uint image_first = image * p.source_height * p.source_width * p.source_channels + group * group_reduced;

  float sums[tile_rows * tile_columns];
  [[unroll]] for (uint i = 0; i < tile_rows * tile_columns; ++i) sums[i] = 0.0;
  for (uint reduced = 0;;) {
    float weights[kernel_height * kernel_width];
    [[unroll]] for (uint t = 0; t < kernel_height * kernel_width; ++t) {
      weights[t] = w[w_base + t * p.w_tap + reduced * p.w_reduced];
    }
    [[unroll]] for (int row = kFirstRow; row <= kLastRow; ++row) {
      const uint source_y = uint(base_row + row);  // beyond the end where it is below zero
      const bool is_row = source_y < p.source_height;
      const uint row_first = image_first + reduced + (is_row ? source_y : 0u) * p.source_width * p.source_channels;
      [[unroll]] for (int column = kFirstColumn; column <= kLastColumn; ++column) {
        const uint source_x = uint(base_column + column);
        const bool is_inside = is_row && source_x < p.source_width;
        float value = SOURCE[row_first + (is_inside ? source_x : 0u) * p.source_channels];
        if (!is_inside) value = 0.0;
        [[unroll]] for (uint r = 0; r < kernel_height; ++r) {
          const int row_distance = row * row_denominator - int(r) * row_step - row_offset;
          const int d = row_distance / row_numerator;
          if (row_distance < 0 || d * row_numerator != row_distance || d >= int(tile_rows)) continue;
          [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
            const int distance = column * column_denominator - int(s) * column_step - column_offset;
            const int e = distance / column_numerator;
            if (distance >= 0 && e * column_numerator == distance && e < int(tile_columns)) {
              sums[uint(d) * tile_columns + uint(e)] += value * weights[r * kernel_width + s];
            }
          }
        }
      }
    }
    if (++reduced >= group_reduced) break;
  }

  [[unroll]] for (uint i = 0; i < tile_rows; ++i) {
    [[unroll]] for (uint j = 0; j < tile_columns; ++j) {
      if (first_row + i < p.destination_height && first_column + j < p.destination_width) {
        const uint pixel = (image * p.destination_height + first_row + i) * p.destination_width + first_column + j;
        DESTINATION[pixel * p.destination_channels + channel] = sums[i * tile_columns + j] * p.scale;
      }
    }
  }
}
