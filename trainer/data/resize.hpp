// SPDX-License-Identifier: Apache-2.0
// Resizing of 8-bit RGB images on the host.
#pragma once

#include <cstdint>
#include <span>

namespace lowtide::trainer {

// Resizes x [h, w, 3] so that its shorter side is `edge`, and writes the centre, [edge, edge, 3]. Linear interpolation
// (triangle filter), widened by the scale where the image shrinks, so that no source pixel is skipped.
void resize_and_crop(std::span<const uint8_t> x, uint32_t height, uint32_t width, uint32_t edge,
                     std::span<uint8_t> out);

}  // namespace lowtide::trainer
