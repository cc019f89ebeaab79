// SPDX-License-Identifier: Apache-2.0
// A packed model of three layers with known random weights, for tests of reading and running models: a convolution in
// f32, a 2-bit convolution with thresholds, a 2-bit linear layer with multiplier and offset. With whole-number images
// every sum in it is exact, so that the reference's logits must come out bit for bit.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/model/packed_model.hpp"

namespace lowtide::harness {

inline constexpr uint32_t kSmallHeight = 6, kSmallWidth = 5, kSmallChannels = 3, kSmallClasses = 7;
inline constexpr uint32_t kSmallImageElements = kSmallHeight * kSmallWidth * kSmallChannels;

// Class names are "class 0" .. "class 6".
Result<void> write_small_model(const std::filesystem::path& path);

// Logits [n, classes] of images [n, h, w, c] by the reference interpreter, for any packed model.
Result<std::vector<float>> reference_logits(const model::PackedModel& packed, std::span<const float> images);

// `count` images of whole numbers -3 .. 3.
std::vector<float> whole_images(uint32_t count, uint64_t seed);

}  // namespace lowtide::harness
