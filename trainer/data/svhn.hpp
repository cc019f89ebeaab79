// SPDX-License-Identifier: Apache-2.0
// The cropped digits of SVHN (Netzer et al. 2011) in their MATLAB files: X uint8 [32, 32, 3, n], column-major, and y
// [n, 1] with the digit, 10 for 0. Here they become [n, 32, 32, 3] and labels 0 to 9. Files are read through libmatio;
// where lowtide was built without it, reading is an error that says so.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/result.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

inline constexpr ImageShape kSvhnImage = {32, 32, 3};

// Appends the images of one file to `split`. Errors: missing, not a MATLAB file, without X or y of these types and
// shapes, a label that is no digit.
Result<void> read_svhn(const std::filesystem::path& path, Split& split);

}  // namespace lowtide::trainer
