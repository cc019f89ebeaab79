// SPDX-License-Identifier: Apache-2.0
// Sums of pixel_block.glsl for levels with signs.
//
// One word holds 32 channels, pop counts their bits. Of x: s, the channels with a negative level, and planes m_i, the
// channels whose |level| has bit i: the planes of unsigned levels; one plane of all channels inside x for signs; for
// shift levels one plane per exponent, made from the planes of the exponent code. Of w: planes t_j of two's complement,
// the top one counting -2^j. The product of a channel is sum_j +-2^j t_j, negated where s is set, and -t = ~t + 1, so
//   acc = sum_i 2^i [ sum_j +-2^j pop((t_j ^ s) & m_i) + pop(s & m_i) ],
// one pop for each pair of planes; the last term belongs to x alone and is summed once for all output channels. Odd
// weights 2q - n, n = 2^w_planes - 1, need no + 1, because n - q = ~q:
//   acc = sum_i 2^i [ 2 sum_j 2^j pop((q_j ^ s) & m_i) - n pop(m_i) ].
// A shift weight with planes h_j of its exponents and sign v has t_j = h_j | (v & (h_0 | .. | h_(j-1))), t_top = v: q + 1
// planes. Two shift operands do better: the product of two powers of two is one, so its planes are
// P_k = OR of m_i & h_j over i + j = k, its sign is s ^ v, and its two's complement comes as above: 2 q pops for q
// exponents on either side instead of q (q + 1). With one exponent, ternary, that is pop(m) - 2 pop(m & (s ^ v)).
//
// Sums: |acc| < 2^24 by the shape rule; a two's complement has at most one bit more than the levels it holds, and the
// planes that count positively and negatively are each below twice the bound. 32 bits hold both.
layout(constant_id = 11) const uint kinds = 5;  // 3 * kind of w + kind of x: spec constants are few
const uint w_kind = kinds / 3u;
const uint x_kind = kinds % 3u;
const uint x_exponents = (1u << (x_planes - 1u)) - 1u;
const uint w_exponents = (1u << (w_planes - 1u)) - 1u;
const uint x_terms = x_kind == kShiftLevels ? x_exponents : x_planes;        // planes m_i
const uint w_terms = w_kind == kShiftWeights ? w_exponents + 1u : w_planes;  // planes t_j or q_j
const uint max_terms = 8u;                                                   // of either

// Two shift operands, unless x is ternary: then the other form has as many pops and less logic.
bool multiplies_exponents() { return x_kind == kShiftLevels && w_kind == kShiftWeights && x_terms > 1u; }

// Channels of x with that exponent code, all or none of whose planes' bits must be set.
uint exponent_of_x(uint codes[x_planes], uint exponent) {
  uint hits = 0xffffffffu;
  [[unroll]] for (uint t = 0u; t + 1u < x_planes; ++t) {
    hits &= (exponent & (1u << t)) != 0u ? codes[t] : ~codes[t];
  }
  return hits;
}
uvec4 exponent_of_w(uvec4 codes[w_planes], uint exponent) {
  uvec4 hits = uvec4(0xffffffffu);
  [[unroll]] for (uint t = 0u; t + 1u < w_planes; ++t) {
    hits &= (exponent & (1u << t)) != 0u ? codes[t] : ~codes[t];
  }
  return hits;
}

void add(uint quad, ivec4 counts) {
  [[unroll]] for (uint t = 0u; t < 4u; ++t) acc[4u * quad + t] += counts[t];
}

// Pairs of planes.
void add_pairs(uint quad, uint m[max_terms], uint s, uvec4 codes[w_planes]) {
  uvec4 below = uvec4(0u);  // channels of w with an exponent below that of plane j
  [[unroll]] for (uint j = 0u; j < w_terms; ++j) {
    const bool is_top = j + 1u == w_terms;
    uvec4 plane = codes[min(j, w_planes - 1u)];
    if (w_kind == kShiftWeights) {
      const uvec4 hits = is_top ? uvec4(0u) : exponent_of_w(codes, j + 1u);
      plane = hits | (codes[w_planes - 1u] & below);
      below |= hits;
    }
    [[unroll]] for (uint i = 0u; i < x_terms; ++i) {
      const ivec4 counts = bitCount((plane ^ s) & m[i]) << (i + j);
      add(quad, is_top && w_kind != kOddWeights ? -counts : counts);
    }
  }
}

// Planes of the products of exponents.
void add_products(uint quad, uint m[max_terms], uint s, uvec4 codes[w_planes]) {
  const uvec4 sign = codes[w_planes - 1u] ^ s;
  uvec4 hits[max_terms];
  [[unroll]] for (uint j = 0u; j < w_exponents; ++j) hits[j] = exponent_of_w(codes, j + 1u);
  uvec4 below = uvec4(0u);
  [[unroll]] for (uint k = 0u; k + 1u < x_exponents + w_exponents; ++k) {
    uvec4 product = uvec4(0u);
    [[unroll]] for (uint i = 0u; i < x_exponents; ++i) {
      if (i <= k && k - i < w_exponents) product |= hits[k - i] & m[i];
    }
    add(quad, bitCount(product | (sign & below)) << k);
    below |= product;
  }
  add(quad, -(bitCount(sign & below) << (x_exponents + w_exponents - 1u)));
}

void accumulate(uint mask, uint weight_row, uint first_k) {
  const uint s = x_kind == kSigns ? ~codes[0] : x_kind == kShiftLevels ? codes[x_planes - 1u] : 0u;
  uint m[max_terms];
  [[unroll]] for (uint i = 0u; i < x_terms; ++i) {
    m[i] = mask;
    if (x_kind == kShiftLevels) m[i] &= exponent_of_x(codes, i + 1u);
    if (x_kind == kUnsignedLevels) m[i] &= codes[min(i, x_planes - 1u)];
    if (!multiplies_exponents()) ones += bitCount(w_kind == kOddWeights ? m[i] : m[i] & s) << i;
  }
  [[unroll]] for (uint quad = 0u; quad < block / 4u; ++quad) {
    uvec4 q[w_planes];
    [[unroll]] for (uint j = 0u; j < w_planes; ++j) q[j] = weights(weight_row + j, first_k, quad);
    if (multiplies_exponents()) {
      add_products(quad, m, s, q);
    } else {
      add_pairs(quad, m, s, q);
    }
  }
}

int finished(int sum) {
  return w_kind == kOddWeights ? 2 * sum - int((1u << w_planes) - 1u) * ones : sum + ones;
}
