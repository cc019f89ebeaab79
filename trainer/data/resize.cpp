// SPDX-License-Identifier: Apache-2.0
// Separable resampling: columns first (only the rows that are needed), then rows.
#include "trainer/data/resize.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/check.hpp"

namespace lowtide::trainer {
namespace {

// The source pixels [first, first + weights.size()) of one output pixel; weights sum to 1.
struct Tap {
  uint32_t first = 0;
  std::vector<float> weights;
};

// Taps of `edge` output pixels in the middle of an axis of `count` source pixels that is scaled by `scale` (source
// pixels for each output pixel). Output pixel i lies at source coordinate (start + i + 1/2) * scale.
std::vector<Tap> make_taps(uint32_t count, uint32_t edge, double scale) {
  const double start = (count / scale - edge) / 2;
  const double reach = std::max(scale, 1.0);
  std::vector<Tap> taps(edge);
  for (uint32_t i = 0; i < edge; ++i) {
    const double centre = (start + i + 0.5) * scale;
    const auto low = static_cast<int64_t>(std::floor(centre - reach));
    const auto high = static_cast<int64_t>(std::ceil(centre + reach));
    const int64_t last = int64_t{count} - 1;
    Tap& tap = taps[i];
    tap.first = static_cast<uint32_t>(std::clamp<int64_t>(low, 0, last));
    double sum = 0;
    for (int64_t j = tap.first; j <= std::min(high, last); ++j) {
      const double distance = std::abs(static_cast<double>(j) + 0.5 - centre) / reach;
      const double weight = std::max(0.0, 1.0 - distance);
      tap.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : tap.weights) weight = static_cast<float>(static_cast<double>(weight) / sum);
  }
  return taps;
}

}  // namespace

void resize_and_crop(std::span<const uint8_t> x, uint32_t height, uint32_t width, uint32_t edge,
                     std::span<uint8_t> out) {
  LOWTIDE_CHECK(height > 0 && width > 0 && edge > 0, "an image has pixels");
  LOWTIDE_CHECK(x.size() == size_t{height} * width * 3 && out.size() == size_t{edge} * edge * 3, "RGB images");
  const double scale = static_cast<double>(std::min(height, width)) / edge;
  const std::vector<Tap> rows = make_taps(height, edge, scale);
  const std::vector<Tap> columns = make_taps(width, edge, scale);
  const uint32_t first_row = rows.front().first;
  const uint32_t end_row = rows.back().first + static_cast<uint32_t>(rows.back().weights.size());

  // narrow [end_row - first_row, edge, 3]
  std::vector<float> narrow(size_t{end_row - first_row} * edge * 3);
  float* to = narrow.data();
  for (uint32_t row = first_row; row < end_row; ++row) {
    for (const Tap& tap : columns) {
      float sums[3] = {};
      const uint8_t* from = x.data() + (size_t{row} * width + tap.first) * 3;
      for (const float weight : tap.weights) {
        for (float& sum : sums) sum += weight * static_cast<float>(*from++);
      }
      for (const float sum : sums) *to++ = sum;
    }
  }
  for (uint32_t row = 0; row < edge; ++row) {
    const Tap& tap = rows[row];
    for (size_t i = 0; i < size_t{edge} * 3; ++i) {
      float sum = 0;
      for (size_t j = 0; j < tap.weights.size(); ++j) {
        sum += tap.weights[j] * narrow[(tap.first - first_row + j) * edge * 3 + i];
      }
      out[size_t{row} * edge * 3 + i] = static_cast<uint8_t>(std::clamp(std::lround(sum), 0l, 255l));
    }
  }
}

}  // namespace lowtide::trainer
