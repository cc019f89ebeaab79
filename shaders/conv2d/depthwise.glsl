// SPDX-License-Identifier: Apache-2.0
// The body of forward_depthwise and backward_input_depthwise, where drivers do not unroll what grouped.glsl asks them to
// unroll (engine/ops/conv2d/tiling.hpp): plain loops over the taps that meet the source, four channels to an invocation.
// Positions as in grouped.glsl.

// The source position of destination position d and kernel position t, or -1 where there is none.
int source_position(uint d, uint t, int numerator, int denominator, int step, int offset, uint extent) {
  const int steps = int(d) * numerator + int(t) * step + offset;
  const int found = steps / denominator;
  return steps >= 0 && found * denominator == steps && found < int(extent) ? found : -1;
}

void main() {
  const uint item = linear_invocation();
  if (item >= p.count) return;
  const uint channel = item % p.channels;
  const uint column = item / p.channels % p.destination_width;
  const uint row = item / p.channels / p.destination_width % p.destination_height;
  const uint image = item / p.channels / p.destination_width / p.destination_height;
  vec4 sum = vec4(0.0);
  for (uint r = 0; r < p.kernel_height; ++r) {
    const int source_y = source_position(row, r, p.row_numerator, p.row_denominator, p.row_step, p.row_offset, p.source_height);
    if (source_y < 0) continue;
    const uint row_first = (image * p.source_height + uint(source_y)) * p.source_width;
    for (uint s = 0; s < p.kernel_width; ++s) {
      const int source_x = source_position(column, s, p.column_numerator, p.column_denominator, p.column_step, p.column_offset,
                                    p.source_width);
      if (source_x < 0) continue;
      sum += SOURCE[(row_first + uint(source_x)) * p.channels + channel] * wt[(r * p.kernel_width + s) * p.channels + channel];
    }
  }
  DESTINATION[item] = sum * p.scale;
}
