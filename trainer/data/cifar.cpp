// SPDX-License-Identifier: Apache-2.0
// CIFAR records.
#include "trainer/data/cifar.hpp"

#include <fmt/format.h>

#include "engine/base/file.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kPlane = 32 * 32;

tl::unexpected<Error> malformed(const std::filesystem::path& path, std::string_view why) {
  return fail(ErrorCode::format, fmt::format("{}: {}; download the file again (tools/get_data)", path.string(), why));
}

void append_interleaved(const uint8_t* planes, std::vector<uint8_t>& pixels) {
  for (uint32_t i = 0; i < kPlane; ++i) {
    for (uint32_t c = 0; c < 3; ++c) pixels.push_back(planes[c * kPlane + i]);
  }
}

}  // namespace

Result<void> read_cifar(const std::filesystem::path& path, const CifarFormat& format, uint32_t records, Split& split) {
  LOWTIDE_TRY(const MappedFile file, MappedFile::open(path));
  const uint64_t label_bytes = format.coarse_count == 0 ? 1 : 2;
  const uint64_t record_bytes = label_bytes + 3 * kPlane;
  const uint64_t bytes = file.bytes().size();
  if (bytes != records * record_bytes) {
    return malformed(path, fmt::format("expected {} bytes ({} records of {}), found {}", records * record_bytes,
                                       records, record_bytes, bytes));
  }
  split.pixels.reserve(split.pixels.size() + records * kCifarImage.bytes());
  split.labels.reserve(split.labels.size() + records);
  const auto* record = reinterpret_cast<const uint8_t*>(file.bytes().data());
  for (uint32_t i = 0; i < records; ++i, record += record_bytes) {
    const uint8_t label = record[label_bytes - 1];
    if (format.coarse_count != 0 && record[0] >= format.coarse_count) {
      return malformed(
          path, fmt::format("record {} has coarse label {}, expected 0 to {}", i, record[0], format.coarse_count - 1));
    }
    if (label >= format.class_count) {
      return malformed(path, fmt::format("record {} has label {}, expected 0 to {}", i, label, format.class_count - 1));
    }
    split.labels.push_back(label);
    append_interleaved(record + label_bytes, split.pixels);
  }
  return {};
}

}  // namespace lowtide::trainer
