// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers, Philox 4x32 with 10 rounds (Salmon et al. 2011); twin of engine/base/rng.hpp, which gives
// the same words. Any element of any step can be drawn again in any order.
#ifndef LOWTIDE_RNG_GLSL
#define LOWTIDE_RNG_GLSL

// Four random words of the counter (index, stream, step, 0) under the key (seed_lo, seed_hi).
uvec4 philox(uint seed_lo, uint seed_hi, uint index, uint stream, uint step) {
  uvec4 c = uvec4(index, stream, step, 0u);
  uint k0 = seed_lo;
  uint k1 = seed_hi;
  for (int round_number = 0; round_number < 10; ++round_number) {
    uint high0, low0, high1, low1;
    umulExtended(0xD2511F53u, c.x, high0, low0);
    umulExtended(0xCD9E8D57u, c.z, high1, low1);
    c = uvec4(high1 ^ c.y ^ k0, low1, high0 ^ c.w ^ k1, low0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

// [0, 1) with 24 bits, the same on host and device.
float unit_float(uint word) { return float(word >> 8) * (1.0 / 16777216.0); }

#endif
