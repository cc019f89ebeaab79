// SPDX-License-Identifier: Apache-2.0
// One sum per channel over all rows, in a fixed order (columns.glsl). Included behind the buffers partials of element_t
// [slices, c] and counters [columns].
#ifndef LOWTIDE_COLUMN_SUM_GLSL
#define LOWTIDE_COLUMN_SUM_GLSL
#include "lib/columns.glsl"

shared element_t lane_sums[gl_WorkGroupSize.x];

// Over the rows of the workgroup, for its first row; every invocation calls.
element_t sum_of_lanes(element_t sum) {
  const uint lane = gl_LocalInvocationID.x;
  lane_sums[lane] = sum;
  for (uint count = kLaneRows; count > 1u;) {
    const uint next = ceil_div(count, kTreeRadix);
    barrier();
    if (lane_row() < next) {
      for (uint row = lane_row() + next; row < count; row += next) sum += lane_sums[row * column + lane % column];
      lane_sums[lane] = sum;
    }
    count = next;
  }
  return sum;
}

// Turns the sum of each invocation's block of rows into that of all rows: true in the one invocation per item that then
// has it. `channels`: items of a row; stride = blocks * channels. Every invocation calls.
bool finish_column_sum(uint channels, uint stride, inout element_t sum) {
  const uint item = item_of_lane(channels);
  const uint slices = stride / channels / kLaneRows;
  const bool is_writer = lane_row() == 0u && item < channels;
  sum = sum_of_lanes(sum);
  if (is_writer) partials[slice_of_workgroup(channels) * channels + item] = sum;
  bool has_all = false;
  if (is_last_workgroup(column_of_workgroup(channels), slices)) {
    sum = element_t(0.0);
    if (item < channels) {
      for (uint slice = lane_row(); slice < slices; slice += kLaneRows) sum += partials[slice * channels + item];
    }
    sum = sum_of_lanes(sum);
    has_all = is_writer;
  }
  return has_all;
}

// The items of this invocation's block of rows.
#define FOR_BLOCK_ITEMS(i, count, channels, stride)                                                              \
  for (uint i = item_of_lane(channels) < channels ? block_of_lane(channels) * channels + item_of_lane(channels) \
                                                  : count;                                                       \
       i < count; i += stride)

#endif
