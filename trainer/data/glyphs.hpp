// SPDX-License-Identifier: Apache-2.0
// The embedded data set: digits and capital letters drawn from strokes, each with its own affine distortion, stroke
// thickness, contrast, clutter and noise. Every image is a pure function of (seed, split, index) that uses only
// correctly rounded arithmetic, so all machines draw the same bytes.
#pragma once

#include <cstdint>
#include <span>

#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

struct GlyphOptions {
  uint64_t seed = 1;
  uint32_t train_count = 12000;
  uint32_t test_count = 2000;
};
inline constexpr ImageShape kGlyphImage = {28, 28, 1};

Dataset make_glyphs(const GlyphOptions& options = {});

// Draws one image into `out` [28, 28, 1] and returns its label. split: 0 train, 1 test.
uint32_t draw_glyph(uint64_t seed, uint32_t split, uint32_t index, std::span<uint8_t> out);

// One letter for each class.
std::vector<std::string> glyph_class_names();

}  // namespace lowtide::trainer
