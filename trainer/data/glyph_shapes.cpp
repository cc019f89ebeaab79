// SPDX-License-Identifier: Apache-2.0
// Lines and elliptic arcs of each glyph. Angles of arcs are in turns, clockwise from the east (y points down): 0.25 is
// south, 0.5 west, 0.75 north.
#include "trainer/data/glyph_shapes.hpp"

#include <cmath>
#include <initializer_list>
#include <utility>

namespace lowtide::trainer {
namespace {

using Segments = std::vector<Segment>;

Segments line(std::initializer_list<Point> points) {
  Segments out;
  const Point* previous = nullptr;
  for (const Point& point : points) {
    if (previous != nullptr) out.push_back({*previous, point});
    previous = &point;
  }
  return out;
}

Segments arc(Point centre, double radius_x, double radius_y, double from, double to) {
  constexpr double kSegmentsPerTurn = 16;
  const int count = static_cast<int>(std::ceil((to - from) * kSegmentsPerTurn));
  const auto point = [&](int i) {
    const double turns = from + (to - from) * i / count;
    return Point{centre.x + radius_x * cosine_of_turns(turns), centre.y + radius_y * sine_of_turns(turns)};
  };
  Segments out;
  for (int i = 0; i < count; ++i) out.push_back({point(i), point(i + 1)});
  return out;
}

GlyphShape glyph(char name, std::initializer_list<Segments> strokes) {
  GlyphShape out = {name, {}};
  for (const Segments& stroke : strokes) out.segments.insert(out.segments.end(), stroke.begin(), stroke.end());
  return out;
}

void append_digits(std::vector<GlyphShape>& out) {
  out.push_back(glyph('0', {arc({.50, .50}, .32, .46, 0, 1)}));
  out.push_back(glyph('1', {line({{.28, .28}, {.55, .05}, {.55, .95}}), line({{.25, .95}, {.85, .95}})}));
  out.push_back(glyph('2', {arc({.50, .30}, .30, .25, .50, 1.08), line({{.763, .42}, {.18, .95}, {.84, .95}})}));
  out.push_back(glyph('3', {arc({.47, .28}, .30, .23, .55, 1.25), arc({.47, .72}, .34, .23, .75, 1.45)}));
  out.push_back(glyph('4', {line({{.62, .05}, {.15, .65}, {.88, .65}}), line({{.66, .40}, {.66, .95}})}));
  out.push_back(glyph('5', {line({{.80, .05}, {.27, .05}, {.22, .45}}), arc({.47, .66}, .33, .29, .62, 1.42)}));
  out.push_back(glyph('6', {arc({.50, .67}, .30, .28, 0, 1), arc({.72, .62}, .52, .57, .50, .74)}));
  out.push_back(glyph('7', {line({{.12, .06}, {.86, .06}, {.34, .95}})}));
  out.push_back(glyph('8', {arc({.50, .28}, .25, .22, 0, 1), arc({.50, .73}, .31, .23, 0, 1)}));
  out.push_back(glyph('9', {arc({.50, .33}, .30, .28, 0, 1), arc({.28, .38}, .52, .57, 0, .24)}));
}

void append_letters(std::vector<GlyphShape>& out) {
  out.push_back(glyph('A', {line({{.10, .95}, {.50, .05}, {.90, .95}}), line({{.26, .60}, {.74, .60}})}));
  out.push_back(glyph('C', {arc({.55, .50}, .40, .45, .13, .87)}));
  out.push_back(glyph('E', {line({{.82, .05}, {.20, .05}, {.20, .95}, {.82, .95}}), line({{.20, .50}, {.72, .50}})}));
  out.push_back(glyph('F', {line({{.82, .05}, {.20, .05}, {.20, .95}}), line({{.20, .48}, {.72, .48}})}));
  out.push_back(
      glyph('H', {line({{.15, .05}, {.15, .95}}), line({{.85, .05}, {.85, .95}}), line({{.15, .50}, {.85, .50}})}));
  out.push_back(glyph('J', {line({{.70, .05}, {.70, .68}}), arc({.43, .68}, .27, .27, 0, .50)}));
  out.push_back(
      glyph('K', {line({{.18, .05}, {.18, .95}}), line({{.82, .05}, {.18, .58}}), line({{.38, .42}, {.85, .95}})}));
  out.push_back(glyph('L', {line({{.20, .05}, {.20, .95}, {.82, .95}})}));
  out.push_back(glyph('M', {line({{.08, .95}, {.14, .05}, {.50, .60}, {.86, .05}, {.92, .95}})}));
  out.push_back(glyph('N', {line({{.15, .95}, {.15, .05}, {.85, .95}, {.85, .05}})}));
  out.push_back(glyph('P', {line({{.20, .95}, {.20, .05}, {.50, .05}}), arc({.50, .29}, .30, .24, .75, 1.25),
                            line({{.50, .53}, {.20, .53}})}));
  out.push_back(glyph('T', {line({{.10, .06}, {.90, .06}}), line({{.50, .06}, {.50, .95}})}));
  out.push_back(
      glyph('U', {line({{.15, .05}, {.15, .62}}), arc({.50, .62}, .35, .33, 0, .50), line({{.85, .62}, {.85, .05}})}));
  out.push_back(glyph('X', {line({{.12, .05}, {.88, .95}}), line({{.88, .05}, {.12, .95}})}));
}

}  // namespace

double sine_of_turns(double turns) {
  double t = turns - std::floor(turns + 0.5);  // [-1/2, 1/2)
  if (t > 0.25) t = 0.5 - t;
  if (t < -0.25) t = -0.5 - t;
  const double x = 6.283185307179586 * t;  // [-pi/2, pi/2]
  const double x2 = x * x;
  double term = x;
  double sum = x;
  for (int i = 2; i <= 14; i += 2) {  // Taylor: the first dropped term is below 2e-12
    term *= -x2 / (i * (i + 1));
    sum += term;
  }
  return sum;
}

double cosine_of_turns(double turns) {
  return sine_of_turns(turns + 0.25);
}

const std::vector<GlyphShape>& glyph_shapes() {
  static const std::vector<GlyphShape> shapes = [] {
    std::vector<GlyphShape> out;
    append_digits(out);
    append_letters(out);
    return out;
  }();
  return shapes;
}

}  // namespace lowtide::trainer
