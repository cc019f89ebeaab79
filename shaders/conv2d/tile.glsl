// SPDX-License-Identifier: Apache-2.0
// The body of forward and backward_input: both gather. For destination pixel column d and kernel column s the source
// column is (d * column_numerator + s * tap_step + column_offset) / column_denominator, where that division is exact:
//   forward         d * stride + s * dilation - pad            (SOURCE x, DESTINATION y)
//   backward_input (d          - s * dilation + pad) / stride   (SOURCE dy, DESTINATION dx)
// SOURCE(i, channel): element i, of that channel.
// and likewise for rows, with push constants. Lanes run along destination channels; source elements are the same for all
// lanes. Columns are spec constants, so that every test on them is decided when the pipeline is made and the body unrolls
// into loads, multiplies and adds alone.
//
// What decided the form, measured on llvmpipe with 16 lanes: a load by lanes costs as much as 10 multiply-adds, a uniform
// one hides behind them, and every value that a loop carries costs a blend per turn. So one weight is used for a whole
// tile of pixels, one source element for every tap it meets, and a turn of the loop is at least some 200 multiply-adds.

layout(constant_id = 1) const uint tile_images = 1;
layout(constant_id = 2) const uint tile_columns = 1;
layout(constant_id = 3) const uint step_channels = 1;  // source channels per turn of the loop
layout(constant_id = 4) const uint source_channels = 1;
layout(constant_id = 5) const uint source_width = 1;
layout(constant_id = 6) const uint destination_width = 1;
layout(constant_id = 7) const uint kernel_width = 1;
layout(constant_id = 8) const int column_numerator = 1;
layout(constant_id = 9) const int column_denominator = 1;
layout(constant_id = 10) const int tap_step = 1;
layout(constant_id = 11) const int column_offset = 0;

const uint kTiles = (destination_width + tile_columns - 1u) / tile_columns;
// Source columns are counted from the tile's base, destination column 0 of the tile through the formula without offset.
const int kLastBase = int((kTiles - 1u) * tile_columns) * column_numerator / column_denominator;
const int kTapSpan = int(kernel_width - 1u) * tap_step;
const int kLow = column_offset + (tap_step < 0 ? kTapSpan : 0);
const int kHigh = column_offset + (tap_step < 0 ? 0 : kTapSpan) + int(tile_columns - 1u) * column_numerator;
const int kBias = 1 << 16;  // keeps dividends positive, where GLSL defines / and %
const int kFirst = (kLow + kBias * column_denominator + column_denominator - 1) / column_denominator - kBias;
const int kLast = (kHigh + kBias * column_denominator) / column_denominator - kBias;

// The source row for kernel row r, or -1 where there is none.
int source_row(uint row, uint r) {
  const int steps = int(row) * p.row_numerator + int(r) * p.row_step + p.row_offset;
  const int found = steps / p.row_denominator;
  return steps >= 0 && found * p.row_denominator == steps && found < int(p.source_height) ? found : -1;
}

void main() {
  // Channel blocks change fastest: they share the source pixels.
  uint group_id = linear_group();
  if (group_id >= p.workgroups) return;
  const uint width = gl_WorkGroupSize.x;
  const uint blocks = ceil_div(p.group_lanes, width);
  const uint group_count = p.destination_channels / p.group_lanes;
  const uint channel = group_id % blocks * width + gl_LocalInvocationID.x;
  group_id /= blocks;
  const uint group = group_id % group_count;
  group_id /= group_count;
  const uint tile = group_id % kTiles;
  group_id /= kTiles;
  const uint row = group_id % p.destination_height;
  const uint first_image = group_id / p.destination_height * tile_images;
  const int base = int(tile * tile_columns) * column_numerator / column_denominator;

  // Kernel rows that meet the source: an arithmetic progression.
  uint first_r = 0, r_count = 0, r_stride = 1;
  for (uint r = 0; r < p.kernel_height; ++r) {
    if (source_row(row, r) < 0) continue;
    if (r_count == 0) first_r = r;
    if (r_count == 1) r_stride = r - first_r;
    ++r_count;
  }

  float sums[tile_images * tile_columns];
  [[unroll]] for (uint i = 0; i < tile_images * tile_columns; ++i) sums[i] = 0.0;

  const uint w_base = group * p.w_group + min(channel, p.group_lanes - 1u) * p.w_lane;
  const uint steps = p.group_reduced / step_channels;
  const uint turns = r_count * steps;
  // The test stands at the end: llvmpipe would otherwise run one more turn with no lane active, and load through
  // addresses that are beyond the end.
  if (turns > 0) for (uint turn = 0;;) {
    const uint r = first_r + turn / steps * r_stride;
    const uint first_channel = turn % steps * step_channels;
    const uint source_y = uint(source_row(row, r));
    const uint w_first = w_base + r * p.w_row + first_channel * p.w_reduced;

    float weights[kernel_width * step_channels];
    [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
      [[unroll]] for (uint c = 0; c < step_channels; ++c) {
        weights[s * step_channels + c] = w[w_first + s * p.w_tap + c * p.w_reduced];
      }
    }

    [[unroll]] for (uint i = 0; i < tile_images; ++i) {
      const uint image = min(first_image + i, p.images - 1u);
      const uint row_first = (image * p.source_height + source_y) * source_width * source_channels +
                             group * p.group_reduced + first_channel;
      const uint base_first = row_first + uint(base) * source_channels;
      [[unroll]] for (int column = kFirst; column <= kLast; ++column) {
        const bool is_surely_inside = column >= 0 && kLastBase + column < int(source_width);
        const bool is_inside = is_surely_inside || uint(base + column) < source_width;
        const uint source_first = is_inside ? base_first + uint(column) * source_channels : row_first;
        float values[step_channels];
        [[unroll]] for (uint c = 0; c < step_channels; ++c) {
          values[c] = SOURCE(source_first + c, group * p.group_reduced + first_channel + c);
          if (!is_inside) values[c] = 0.0;
        }
        [[unroll]] for (uint c = 0; c < step_channels; ++c) {
          [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
            const int distance = column * column_denominator - int(s) * tap_step - column_offset;
            const int d = distance / column_numerator;
            if (distance >= 0 && d * column_numerator == distance && d < int(tile_columns)) {
              sums[i * tile_columns + uint(d)] += values[c] * weights[s * step_channels + c];
            }
          }
        }
      }
    }
    if (++turn >= turns) break;
  }

  if (channel >= p.group_lanes) return;
#ifdef LOWTIDE_AFFINE
  const float m = multiplier[group * p.group_lanes + channel];
  const float o = offset[group * p.group_lanes + channel];
#define FINISHED(sum) affine_of(sum, m, o)
#else
#define FINISHED(sum) (sum)
#endif
  [[unroll]] for (uint i = 0; i < tile_images; ++i) {
    [[unroll]] for (uint d = 0; d < tile_columns; ++d) {
      const uint column = tile * tile_columns + d;
      if (first_image + i < p.images && column < destination_width) {
        const uint pixel = ((first_image + i) * p.destination_height + row) * destination_width + column;
        DESTINATION[pixel * p.destination_channels + group * p.group_lanes + channel] =
            FINISHED(sums[i * tile_columns + d] * p.scale);
      }
    }
  }
}
