// SPDX-License-Identifier: Apache-2.0
// X(i, channel): element i of x [n,h,w,c], of that channel: f32; or (LOWTIDE_PIXELS, beside LOWTIDE_AFFINE) the value that
// the table, f32 [c,256], has for byte i, four bytes in a word, the first one lowest.
#ifdef LOWTIDE_PIXELS
BUFFER_READ(0, uint, x)
BUFFER_READ(5, float, table)
#define X(i, channel) value_of((i), (channel))
float value_of(uint i, uint channel) { return table[channel * 256u + ((x[i >> 2] >> (8u * (i & 3u))) & 255u)]; }
#else
BUFFER_READ(0, float, x)
#define X(i, channel) x[i]
#endif
