// SPDX-License-Identifier: Apache-2.0
// Both first passes of backward: over all rows the sums of a gradient d, and of d (x - mean), in a fixed order
// (lib/columns.glsl). Included behind the buffers partials, which holds [2, slices, c] from an item on, and counters [columns].
#include "lib/columns.glsl"

shared element_t plain_sums[gl_WorkGroupSize.x];
shared element_t product_sums[gl_WorkGroupSize.x];

// Over the rows of the workgroup, for its first row; every invocation calls.
void sum_lanes(inout element_t plain, inout element_t product) {
  const uint lane = gl_LocalInvocationID.x;
  plain_sums[lane] = plain;
  product_sums[lane] = product;
  for (uint count = kLaneRows; count > 1u;) {
    const uint next = ceil_div(count, kTreeRadix);
    barrier();
    if (lane_row() < next) {
      for (uint row = lane_row() + next; row < count; row += next) {
        plain += plain_sums[row * column + lane % column];
        product += product_sums[row * column + lane % column];
      }
      plain_sums[lane] = plain;
      product_sums[lane] = product;
    }
    count = next;
  }
}

void finish(uint item, element_t plain, element_t product);  // of the kernel: what becomes of the sums over all rows

// From the sums of each invocation's block of rows to those of all rows. `channels`: items of a row; `first`: of partials.
void finish_sums(uint channels, uint blocks, uint first, element_t plain, element_t product) {
  const uint item = item_of_lane(channels);
  const uint slices = blocks / kLaneRows;
  const bool is_writer = lane_row() == 0u && item < channels;
  sum_lanes(plain, product);
  if (is_writer) {
    partials[first + slice_of_workgroup(channels) * channels + item] = plain;
    partials[first + (slices + slice_of_workgroup(channels)) * channels + item] = product;
  }
  if (is_last_workgroup(column_of_workgroup(channels), slices)) {
    plain = element_t(0.0);
    product = element_t(0.0);
    if (item < channels) {
      for (uint slice = lane_row(); slice < slices; slice += kLaneRows) {
        plain += partials[first + slice * channels + item];
        product += partials[first + (slices + slice) * channels + item];
      }
    }
    sum_lanes(plain, product);
    if (is_writer) finish(item, plain, product);
  }
}
