// SPDX-License-Identifier: Apache-2.0
// X(i): element i of x [n,h,w,c], in f32 or (LOWTIDE_CODES) the level in bits 0 .. 5 of byte i, two's complement
// (engine/ops/batch_norm/activation.hpp).
#ifdef LOWTIDE_CODES
BUFFER_READ(0, uint, x)
#define X(i) level_of(x[(i) >> 2], i)
float level_of(uint word, uint i) { return float(int(word << (26u - 8u * (i & 3u))) >> 26); }
#else
BUFFER_READ(0, float, x)
#define X(i) x[i]
#endif
