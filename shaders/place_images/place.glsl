// SPDX-License-Identifier: Apache-2.0
// Where a pixel of the batch comes from. The kernel declares the bindings and p.
const uint kOutside = 0xffffffffu;

// Byte of channel 0 in `pixels`; `place` = (image * h + row) * w + column of y. kOutside: there is none.
uint source_of(uint place) {
  const uint column = place % p.w, row = place / p.w % p.h, image = place / (p.w * p.h);
  const uint at = 4u * image;
  const int from_row = int(row) + int(placements[at + 1u]);
  const int from_column = int(placements[at + 3u] != 0u ? p.w - 1u - column : column) + int(placements[at + 2u]);
  if (from_row < 0 || from_row >= int(p.h) || from_column < 0 || from_column >= int(p.w)) return kOutside;
  return ((placements[at] * p.h + uint(from_row)) * p.w + uint(from_column)) * p.c;
}

uint pixel_at(uint byte) { return (pixels[byte / 4u] >> (8u * (byte % 4u))) & 0xffu; }
