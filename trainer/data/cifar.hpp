// SPDX-License-Identifier: Apache-2.0
// The "binary version" of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of label bytes and 3 planes of 32 x 32
// pixels, red, green, blue; here they become [32, 32, 3]. CIFAR-100 has a coarse label before the fine one, which is
// checked and dropped.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/result.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

struct CifarFormat {
  uint32_t coarse_count;  // classes of the label before the fine one; 0 where there is none
  uint32_t class_count;
};
inline constexpr CifarFormat kCifar10 = {0, 10};
inline constexpr CifarFormat kCifar100 = {20, 100};
inline constexpr ImageShape kCifarImage = {32, 32, 3};

// Appends the records of one file to `split`. Errors: missing, not exactly `records` records long, a label out of
// range.
Result<void> read_cifar(const std::filesystem::path& path, const CifarFormat& format, uint32_t records, Split& split);

}  // namespace lowtide::trainer
