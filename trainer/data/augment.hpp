// SPDX-License-Identifier: Apache-2.0
// 8-bit pixels -> f32 network input: brightness and contrast, crop with padding, mirror, normalise. What happens to a
// sample is a pure function of (seed, epoch, sample), whichever thread does it and whenever.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct Augmentation {
  uint32_t crop_padding = 0;  // pixels
  bool flip = false;
  double brightness = 0;  // pixels of 0..255
  double contrast = 0;
};

// Where a sample is cut from its padded image, and whether it is mirrored. {0, 0, false} is the image itself.
struct Placement {
  int32_t down = 0;   // output row 0 is image row `down`; -padding..padding
  int32_t right = 0;  // the same for columns, before mirroring
  bool is_mirrored = false;

  friend bool operator==(const Placement&, const Placement&) = default;
};
Placement draw_placement(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint32_t sample);

// How the pixels of a sample are changed. {0, 1} leaves them as they are.
struct Tone {
  double shift = 0;   // is added to every pixel
  double factor = 1;  // then multiplies each channel's distance from its mean

  friend bool operator==(const Tone&, const Tone&) = default;
};
// shift is uniform in +-brightness, factor in 1 +-contrast.
Tone draw_tone(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint32_t sample);

// Changes the pixels [h, w, c] of one sample in place. Both changes are rounded to the nearest pixel of 0..255, halves
// away from 0, since files of images hold no others.
void change_tone(std::span<uint8_t> pixels, const ImageShape& image, const Tone& tone);

// The f32 value of each 8-bit pixel, for each channel.
class PixelTable {
 public:
  PixelTable(const Dataset& dataset, Normalization normalization);
  float value(uint32_t channel, uint8_t pixel) const { return values_[channel][pixel]; }

 private:
  std::vector<std::array<float, 256>> values_;
};

// Writes one sample: pixels [h, w, c] -> out f32 [h, w, c]. Pixels outside the image count as 0 (black) before they are
// normalised.
void place_image(std::span<const uint8_t> pixels, const ImageShape& image, const PixelTable& table,
                 const Placement& placement, std::span<float> out);

}  // namespace lowtide::trainer
