// SPDX-License-Identifier: Apache-2.0
// place_images forward.  y[i,r,q,c] = table[c, the pixel that placements[i] names for (r, q)], 0 outside the image
// pixels u32 [words] of four bytes  placements u32 [n, 4]  table [c, 256]  y [n, h, w, c]
// one invocation = all channels of one pixel of y
// needs: nothing
// reads pixels placements table, writes y; accumulate: no
// reference: engine/reference/place_images.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "place_images.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PlaceImagesParams, p)
BUFFER_READ(0, uint, pixels)
BUFFER_READ(1, uint, placements)
BUFFER_READ(2, float, table)
BUFFER_WRITE(3, float, y)

#include "place.glsl"

void main() {
  const uint place = linear_invocation();
  if (place >= p.images * p.h * p.w) return;
  const uint source = source_of(place);
  for (uint c = 0u; c < p.c; ++c) {
    const uint pixel = source == kOutside ? 0u : pixel_at(source + c);
    y[place * p.c + c] = table[256u * c + pixel];
  }
}
