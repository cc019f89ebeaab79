// SPDX-License-Identifier: Apache-2.0
// Codes as levels of 8 bits, 32 channels at once: byte j of word t, t = 0 .. 7, is channel t + 8 j. Both operands have
// that order, so a product that sums over channels does not notice it, and four bytes cost a shift and an AND per plane.
// Included below the spec constants x_planes, w_planes and kinds.
//
// Two's complement of 8 bits holds every level but two: unsigned levels of 8 bits go as x - 128, odd weights of 8 bits as
// (w - 1) / 2. With W the bytes of w, X' those of x, over all taps (outside the image X' = -128 where x = 0),
//   sum x W = sum X' W + 128 sum W,   sum x w = 2 sum x W + sum x,
// where sum W belongs to an output channel and sum x to a pixel; level_sum() gives them word by word.
// Bounds: |sum x w| < 2^24 by the shape rule, with max |w| * max x; each partial sum here is below twice that.
const uint w_kind = kinds / 3u;
const uint x_kind = kinds % 3u;
const bool is_x_centred = x_kind == kUnsignedLevels && x_planes == 8u;
const bool is_w_halved = w_kind == kOddWeights && w_planes == 8u;

const uint kEachByte = 0x01010101u;
uint bits_of(uint plane, uint t) { return (plane >> t) & kEachByte; }

// Planes of a shift code become a plane per exponent, of which at most one is set, and the sign behind them.
uint exponent_plane(uint codes[8], uint planes, uint exponent) {
  uint hits = 0xffffffffu;
  [[unroll]] for (uint i = 0u; i + 1u < planes; ++i) hits &= (exponent & (1u << i)) != 0u ? codes[i] : ~codes[i];
  return hits;
}
uint[8] shift_terms(uint codes[8], uint planes) {
  uint terms[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  uint any = 0u;
  [[unroll]] for (uint j = 0u; j < 7u; ++j) {
    if (j + 1u < 1u << (planes - 1u)) terms[j] = exponent_plane(codes, planes, j + 1u);
    any |= terms[j];
  }
  terms[7] = codes[planes - 1u] & any;  // 0 has no sign: the negation below does not carry
  return terms;
}

// Four levels from shift_terms().
uint shift_bytes(uint terms[8], uint t) {
  uint magnitude = 0u;
  [[unroll]] for (uint j = 0u; j < 7u; ++j) magnitude |= bits_of(terms[j], t) << j;
  const uint sign = bits_of(terms[7], t);
  return (magnitude ^ (sign * 0xffu)) + sign;
}
// 2 q - (2^planes - 1) has bit 0 set, the planes of q above it and the top one inverted as its sign; halved: without bit 0.
uint odd_bytes(uint codes[8], uint planes, uint t) {
  const bool is_halved = planes == 8u;
  uint bytes = is_halved ? 0u : kEachByte;
  [[unroll]] for (uint i = 0u; i + 1u < planes; ++i) bytes |= bits_of(codes[i], t) << (is_halved ? i : i + 1u);
  return bytes | bits_of(~codes[planes - 1u], t) * (is_halved ? 0x80u : (0xffu << planes) & 0xffu);
}
uint signed_bytes(uint codes[8], uint planes, uint t) {
  uint bytes = 0u;
  [[unroll]] for (uint i = 0u; i + 1u < planes; ++i) bytes |= bits_of(codes[i], t) << i;
  return bytes | bits_of(codes[planes - 1u], t) * ((0xffu << (planes - 1u)) & 0xffu);
}
uint unsigned_bytes(uint codes[8], uint planes, uint t) {
  uint bytes = is_x_centred ? 0x80808080u : 0u;
  [[unroll]] for (uint i = 0u; i < planes; ++i) bytes ^= bits_of(codes[i], t) << i;
  return bytes;
}

// Planes to what x_bytes() and w_bytes() read.
uint[8] x_terms_of(uint codes[8]) { return x_kind == kShiftLevels ? shift_terms(codes, x_planes) : codes; }
uint[8] w_terms_of(uint codes[8]) { return w_kind == kShiftWeights ? shift_terms(codes, w_planes) : codes; }

// Four levels. Planes outside the image are 0, which signs tell from -1 by `inside`: all ones or 0.
uint x_bytes(uint terms[8], uint t, uint inside) {
  if (x_kind == kShiftLevels) return shift_bytes(terms, t);
  return x_kind == kSigns ? odd_bytes(terms, 1u, t) & inside : unsigned_bytes(terms, x_planes, t);
}
uint w_bytes(uint terms[8], uint t) {
  if (w_kind == kShiftWeights) return shift_bytes(terms, t);
  return w_kind == kOddWeights ? odd_bytes(terms, w_planes, t) : signed_bytes(terms, w_planes, t);
}

// Sum over 32 channels of x itself, and of the bytes of w.
int shift_sum(uint terms[8]) {
  int sum = 0;
  [[unroll]] for (uint j = 0u; j < 7u; ++j) sum += (bitCount(terms[j]) - 2 * bitCount(terms[j] & terms[7])) << j;
  return sum;
}
int plane_sum(uint codes[8], uint planes) {
  int sum = 0;
  [[unroll]] for (uint i = 0u; i < planes; ++i) sum += bitCount(codes[i]) << i;
  return sum;
}
int x_sum(uint terms[8], uint inside) {
  if (x_kind == kShiftLevels) return shift_sum(terms);
  return x_kind == kSigns ? (2 * bitCount(terms[0]) - 32) & int(inside) : plane_sum(terms, x_planes);
}
int w_sum(uint terms[8]) {
  if (w_kind == kShiftWeights) return shift_sum(terms);
  const int sum = plane_sum(terms, w_planes);
  if (w_kind == kSignedWeights) return sum - (bitCount(terms[w_planes - 1u]) << w_planes);
  return is_w_halved ? sum - 32 * 128 : 2 * sum - 32 * int((1u << w_planes) - 1u);
}

// The accumulator from the sum of products of bytes, sum x of the pixel and sum W of the channel.
int from_bytes(int products, int sum_x, int sum_w) {
  const int sum = is_x_centred ? products + 128 * sum_w : products;
  return is_w_halved ? 2 * sum + sum_x : sum;
}
