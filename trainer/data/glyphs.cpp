// SPDX-License-Identifier: Apache-2.0
// Draws glyphs. Only +, -, *, /, sqrt and floor touch the geometry: IEEE 754 rounds them correctly everywhere.
#include "trainer/data/glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/check.hpp"
#include "engine/base/rng.hpp"
#include "trainer/data/glyph_shapes.hpp"
#include "trainer/data/streams.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kEdge = kGlyphImage.width;
constexpr uint32_t kPixels = kEdge * kEdge;
constexpr uint32_t kNoiseBlock = 1u << 16;  // counter words from here on are the pixel noise of an image

using Canvas = std::array<double, kPixels>;  // coverage, 0..1

double uniform(Rng& rng, double low, double high) {
  return low + (high - low) * static_cast<double>(rng.uniform());
}

// Adds a segment in pixel coordinates with round ends: the coverage falls from 1 to 0 over one pixel at `radius`.
void draw_segment(const Segment& s, double radius, Canvas& canvas) {
  const double reach = radius + 0.5;
  const auto pixel_range = [&](double a, double b) {
    const double low = std::floor(std::min(a, b) - reach);
    const double high = std::floor(std::max(a, b) + reach) + 1;
    const double edge = kEdge;
    return std::array{static_cast<uint32_t>(std::clamp(low, 0.0, edge)),
                      static_cast<uint32_t>(std::clamp(high, 0.0, edge))};
  };
  const auto columns = pixel_range(s.from.x, s.to.x);
  const auto rows = pixel_range(s.from.y, s.to.y);
  const Point along = {s.to.x - s.from.x, s.to.y - s.from.y};
  const double squared = along.x * along.x + along.y * along.y;
  for (uint32_t row = rows[0]; row < rows[1]; ++row) {
    for (uint32_t column = columns[0]; column < columns[1]; ++column) {
      const Point p = {column + 0.5 - s.from.x, row + 0.5 - s.from.y};
      const double t = squared > 0 ? std::clamp((p.x * along.x + p.y * along.y) / squared, 0.0, 1.0) : 0.0;
      const Point away = {p.x - t * along.x, p.y - t * along.y};
      const double coverage = reach - std::sqrt(away.x * away.x + away.y * away.y);
      double& pixel = canvas[row * kEdge + column];
      pixel = std::max(pixel, std::clamp(coverage, 0.0, 1.0));
    }
  }
}

// The distortion of one image: a gentle wave, then rotation, shear, scale and shift.
class Distortion {
 public:
  explicit Distortion(Rng& rng) {
    const double turns = uniform(rng, -0.055, 0.055);  // 20 degrees
    const double shear = uniform(rng, -0.3, 0.3);
    const double size = kEdge * uniform(rng, 0.46, 0.76);
    const double aspect = uniform(rng, 0.75, 1.15);
    const double cosine = cosine_of_turns(turns);
    const double sine = sine_of_turns(turns);
    xx_ = size * aspect * cosine;
    xy_ = size * (shear * cosine - sine);
    yx_ = size * aspect * sine;
    yy_ = size * (shear * sine + cosine);
    const double centre = kEdge / 2.0;
    shift_ = {centre + uniform(rng, -3.5, 3.5), centre + uniform(rng, -3.0, 3.0)};
    for (Wave* wave : {&wave_x_, &wave_y_}) {
      *wave = {uniform(rng, 0, 0.045), uniform(rng, 0.4, 1.1), uniform(rng, 0, 1)};
    }
  }

  Point operator()(const Point& p) const {
    const double x = p.x - 0.5 + wave_x_.at(p.y);
    const double y = p.y - 0.5 + wave_y_.at(p.x);
    return {shift_.x + xx_ * x + xy_ * y, shift_.y + yx_ * x + yy_ * y};
  }

 private:
  struct Wave {
    double height = 0;
    double waves = 0;  // in the unit square
    double phase = 0;  // turns
    double at(double position) const { return height * sine_of_turns(waves * position + phase); }
  };

  double xx_, xy_, yx_, yy_;
  Point shift_;
  Wave wave_x_, wave_y_;
};

// Short strokes anywhere, which belong to no glyph.
void draw_clutter(Rng& rng, Canvas& canvas) {
  const uint32_t count = 1 + rng.below(4);
  for (uint32_t i = 0; i < count; ++i) {
    const Point from = {uniform(rng, 0, kEdge), uniform(rng, 0, kEdge)};
    const Point to = {from.x + uniform(rng, -6, 6), from.y + uniform(rng, -6, 6)};
    draw_segment({from, to}, uniform(rng, 0.3, 0.9), canvas);
  }
}

// Ink over clutter over a background that brightens to one side, plus noise: four bytes summed, close to a normal
// distribution.
struct Shading {
  explicit Shading(Rng& rng)
      : ground(uniform(rng, 0, 60)),
        slope_x(uniform(rng, -1.5, 1.5)),
        slope_y(uniform(rng, -1.5, 1.5)),
        ink(uniform(rng, 150, 255)),
        clutter(uniform(rng, 60, 140)),
        noise(uniform(rng, 6, 24) / 147.8) {}  // 147.8: standard deviation of the sum of four uniform bytes

  double ground, slope_x, slope_y, ink, clutter, noise;
};

double byte_sum(uint32_t word) {
  return static_cast<double>((word & 255) + ((word >> 8) & 255) + ((word >> 16) & 255) + (word >> 24)) - 510.0;
}

}  // namespace

uint32_t draw_glyph(uint64_t seed, uint32_t split, uint32_t index, std::span<uint8_t> out) {
  LOWTIDE_CHECK(out.size() == kPixels, "a glyph has 28 x 28 pixels");
  const uint32_t stream = kGlyphStream + split;
  Rng rng(seed, stream);
  rng.seek((uint64_t{index} << 32) * 4);  // the step word of the counter is the image
  const auto& shapes = glyph_shapes();
  const uint32_t label = rng.below(static_cast<uint32_t>(shapes.size()));
  const Distortion distort(rng);
  const Shading shade(rng);
  const double radius = uniform(rng, 0.55, 1.5);
  Canvas ink = {};
  for (const Segment& s : shapes[label].segments) draw_segment({distort(s.from), distort(s.to)}, radius, ink);
  Canvas clutter = {};
  draw_clutter(rng, clutter);

  std::array<uint32_t, 4> words = {};
  for (uint32_t i = 0; i < kPixels; ++i) {
    if (i % 4 == 0) words = philox(seed, kNoiseBlock + i / 4, stream, index);
    const double x = i % kEdge - kEdge / 2.0;
    const double y = i / kEdge - kEdge / 2.0;  // NOLINT(bugprone-integer-division): the row
    double value = shade.ground + shade.slope_x * x + shade.slope_y * y;
    value += shade.clutter * clutter[i];
    value += (shade.ink - value) * ink[i];
    value += shade.noise * byte_sum(words[i % 4]);
    out[i] = static_cast<uint8_t>(std::floor(std::clamp(value, 0.0, 255.0) + 0.5));
  }
  return label;
}

std::vector<std::string> glyph_class_names() {
  std::vector<std::string> names;
  for (const GlyphShape& shape : glyph_shapes()) names.emplace_back(1, shape.name);
  return names;
}

Dataset make_glyphs(const GlyphOptions& options) {
  Dataset dataset;
  dataset.name = "glyphs";
  dataset.image = kGlyphImage;
  dataset.class_names = glyph_class_names();
  const auto draw = [&](uint32_t split_index, uint32_t count, Split& split) {
    split.pixels.resize(count * kGlyphImage.bytes());
    for (uint32_t i = 0; i < count; ++i) {
      split.labels.push_back(
          draw_glyph(options.seed, split_index, i, std::span(split.pixels).subspan(i * kPixels, kPixels)));
    }
  };
  draw(0, options.train_count, dataset.train);
  draw(1, options.test_count, dataset.test);
  measure_channels(dataset);
  return dataset;
}

}  // namespace lowtide::trainer
