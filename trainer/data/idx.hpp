// SPDX-License-Identifier: Apache-2.0
// The IDX format of MNIST (LeCun et al. 1998): big-endian magic 0x0000 08 rank (08: unsigned bytes), one 32-bit extent
// for each axis, then the bytes. Plain or gzip. Files are hostile until checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/base/result.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

struct IdxArray {
  std::vector<uint32_t> extents;
  std::vector<uint8_t> values;  // row-major
};

// Reads an array of `rank` axes. Errors: missing, not IDX, another rank, an extent of 0, absurd extents, truncated,
// bytes after the end, damaged gzip.
Result<IdxArray> read_idx(const std::filesystem::path& path, uint32_t rank);

// A split from an image file [count, h, w] of the given shape and a label file [count].
Result<Split> read_idx_split(const std::filesystem::path& images, const std::filesystem::path& labels,
                             const ImageShape& image, uint32_t class_count);

}  // namespace lowtide::trainer
