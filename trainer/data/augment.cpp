// SPDX-License-Identifier: Apache-2.0
// Augmentation on the host.
#include "trainer/data/augment.hpp"

#include <algorithm>
#include <cmath>

#include "engine/base/check.hpp"
#include "engine/base/rng.hpp"
#include "trainer/data/streams.hpp"

namespace lowtide::trainer {

Placement draw_placement(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint32_t sample) {
  const auto words = philox(seed, sample, kAugmentStream, static_cast<uint32_t>(epoch));
  const uint32_t places = 2 * augmentation.crop_padding + 1;
  const auto offset = [&](uint32_t word) {
    return static_cast<int32_t>((uint64_t{word} * places) >> 32) - static_cast<int32_t>(augmentation.crop_padding);
  };
  return {offset(words[0]), offset(words[1]), augmentation.flip && (words[2] >> 31) != 0};
}

Tone draw_tone(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint32_t sample) {
  const auto words = philox(seed, sample, kToneStream, static_cast<uint32_t>(epoch));
  const auto centred = [&](uint32_t word) { return 2.0 * static_cast<double>(unit_float(words[word])) - 1.0; };
  return {augmentation.brightness * centred(0), 1.0 + augmentation.contrast * centred(1)};
}

void change_tone(std::span<uint8_t> pixels, const ImageShape& image, const Tone& tone) {
  LOWTIDE_CHECK(pixels.size() == image.bytes(), "an image has h * w * c values");
  if (tone == Tone{}) return;
  const auto to_pixel = [](double value) { return static_cast<uint8_t>(std::clamp(std::round(value), 0.0, 255.0)); };
  for (uint8_t& pixel : pixels) pixel = to_pixel(pixel + tone.shift);
  const uint64_t count = uint64_t{image.height} * image.width;
  for (uint32_t c = 0; c < image.channels; ++c) {
    uint64_t sum = 0;
    for (size_t i = c; i < pixels.size(); i += image.channels) sum += pixels[i];
    const double mean = static_cast<double>(sum) / static_cast<double>(count);
    for (size_t i = c; i < pixels.size(); i += image.channels) {
      pixels[i] = to_pixel(mean + tone.factor * (pixels[i] - mean));
    }
  }
}

PixelTable::PixelTable(const Dataset& dataset, Normalization normalization) : values_(dataset.image.channels) {
  LOWTIDE_CHECK(dataset.mean.size() == values_.size() && dataset.deviation.size() == values_.size(),
                "a data set has a mean and a deviation for each channel");
  for (size_t c = 0; c < values_.size(); ++c) {
    for (size_t pixel = 0; pixel < 256; ++pixel) {
      const double unit = static_cast<double>(pixel) / 255.0;
      double value = unit;
      if (normalization == Normalization::standard) {
        value = (unit - static_cast<double>(dataset.mean[c])) / static_cast<double>(dataset.deviation[c]);
      } else if (normalization == Normalization::symmetric) {
        value = 2.0 * unit - 1.0;
      }
      values_[c][pixel] = static_cast<float>(value);
    }
  }
}

void place_image(std::span<const uint8_t> pixels, const ImageShape& image, const PixelTable& table,
                 const Placement& placement, std::span<float> out) {
  LOWTIDE_CHECK(pixels.size() == image.bytes() && out.size() == image.bytes(), "an image has h * w * c values");
  const auto height = static_cast<int32_t>(image.height);
  const auto width = static_cast<int32_t>(image.width);
  float* y = out.data();
  for (int32_t row = 0; row < height; ++row) {
    const int32_t from_row = row + placement.down;
    const bool has_row = from_row >= 0 && from_row < height;
    for (int32_t column = 0; column < width; ++column) {
      const int32_t from_column = (placement.is_mirrored ? width - 1 - column : column) + placement.right;
      const bool is_inside = has_row && from_column >= 0 && from_column < width;
      const int64_t first = (int64_t{from_row} * width + from_column) * image.channels;
      for (uint32_t c = 0; c < image.channels; ++c) {
        *y++ = table.value(c, is_inside ? pixels[static_cast<size_t>(first + c)] : uint8_t{0});
      }
    }
  }
}

}  // namespace lowtide::trainer
