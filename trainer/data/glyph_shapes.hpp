// SPDX-License-Identifier: Apache-2.0
// The strokes of the glyphs: polylines in the unit square, x to the right, y down. Their geometry and nothing else.
#pragma once

#include <vector>

namespace lowtide::trainer {

struct Point {
  double x = 0;
  double y = 0;
};

struct Segment {
  Point from;
  Point to;
};

struct GlyphShape {
  char name;
  std::vector<Segment> segments;
};

// All glyphs, in the order of their labels. Letters that a rotation or a blur turns into another glyph are left out
// (B D G I O Q S V Z ...).
const std::vector<GlyphShape>& glyph_shapes();

// Sine of a whole number of turns: 0 -> 0, 1/4 -> 1. Additions and multiplications only, so that it has the same bits
// on every machine; error below 1e-9.
double sine_of_turns(double turns);
double cosine_of_turns(double turns);

}  // namespace lowtide::trainer
