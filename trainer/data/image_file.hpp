// SPDX-License-Identifier: Apache-2.0
// One JPEG or PNG file -> a square of 8-bit RGB: the shorter side is resized to the square's edge, then the centre is
// cut out. The kind is told by the first bytes, not by the name. Orientation tags are not applied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "engine/base/result.hpp"

namespace lowtide::trainer {

// Writes [edge, edge, 3] into `out` (its size must be that). Errors: missing, neither JPEG nor PNG, truncated or
// damaged, an absurd size. Transparent pixels are laid over black.
Result<void> decode_image_file(const std::filesystem::path& path, uint32_t edge, std::span<uint8_t> out);

}  // namespace lowtide::trainer
