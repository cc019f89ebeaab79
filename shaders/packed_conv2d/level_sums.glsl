// SPDX-License-Identifier: Apache-2.0
// Sums of pixel_block.glsl for odd weights and x of signs or unsigned levels.
//
// Signs: real value of a plane pair is K - 2 pop, K = channels inside x, so acc = (2^w_planes - 1) K - 2 sum 2^j pop.
// Unsigned: w = sum 2^j (2 w_j - 1), so acc = 2 sum 2^(i+j) pop(x_i & w_j) - (2^w_planes - 1) sum 2^i pop(x_i).
// Sums stay below 2^24 in magnitude twice over: the shape rule bounds acc, and 2 sum 2^(i+j) pop <= 2 * 2^24.
layout(constant_id = 11) const uint is_signs = 1;

void accumulate(uint mask, uint weight_row, uint first_k) {
  [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
    if (is_signs == 0u) {
      codes[i] &= mask;
      ones += bitCount(codes[i]) << i;
    }
  }
  [[unroll]] for (uint quad = 0u; quad < block / 4u; ++quad) {
    [[unroll]] for (uint j = 0u; j < w_planes; ++j) {
      const uvec4 q = weights(weight_row + j, first_k, quad);
      [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
        const uvec4 both = is_signs != 0u ? (uvec4(codes[i]) ^ q) & mask : uvec4(codes[i]) & q;
        const ivec4 counts = bitCount(both) << (i + j);
        [[unroll]] for (uint t = 0u; t < 4u; ++t) acc[4u * quad + t] += counts[t];
      }
    }
  }
}

int finished(int sum) {
  const int highest = int((1u << w_planes) - 1u);
  return is_signs != 0u ? highest * int(inside) - 2 * sum : 2 * sum - highest * ones;
}
