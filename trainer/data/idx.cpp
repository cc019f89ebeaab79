// SPDX-License-Identifier: Apache-2.0
// Reading IDX. No memory is taken for a size that the file cannot hold.
#include "trainer/data/idx.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "trainer/data/byte_source.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{16} << 30;

tl::unexpected<Error> malformed(const std::filesystem::path& path, std::string_view why) {
  return fail(ErrorCode::format, fmt::format("{}: {}; download the file again (tools/get_data)", path.string(), why));
}

// Reads exactly out.size() bytes of the `total` that are expected in all.
Result<void> read_exactly(ByteSource& source, const std::filesystem::path& path, std::span<uint8_t> out,
                          uint64_t total) {
  if (source.read(out)) return {};
  return malformed(path, fmt::format("expected {} bytes, but {}", total, source.complaint()));
}

uint32_t big_endian(const uint8_t* p) {
  return (uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) | p[3];
}

// Reads and checks magic and extents; returns the count of values.
Result<uint64_t> read_header(ByteSource& source, const std::filesystem::path& path, std::vector<uint32_t>& extents) {
  const auto rank = static_cast<uint32_t>(extents.size());
  std::array<uint8_t, 4 + 4 * 4> header = {};
  const size_t header_bytes = 4 + 4 * size_t{rank};
  LOWTIDE_CHECK(header_bytes <= header.size(), "read_idx supports up to 4 axes");
  LOWTIDE_TRY_VOID(read_exactly(source, path, std::span(header).first(4), header_bytes));
  const uint32_t expected = 0x0800u + rank;
  if (big_endian(header.data()) != expected) {
    return malformed(path, fmt::format("expected the IDX magic number {} (unsigned bytes, {} axes), found {}", expected,
                                       rank, big_endian(header.data())));
  }
  LOWTIDE_TRY_VOID(read_exactly(source, path, std::span(header).subspan(4, header_bytes - 4), header_bytes));
  uint64_t count = 1;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    const uint32_t extent = extents[axis] = big_endian(header.data() + 4 + 4 * axis);
    if (extent == 0 || multiply_overflows(count, extent) || count * extent > kMaxBytes) {
      return malformed(path, fmt::format("extent {} of axis {} is absurd", extent, axis));
    }
    count *= extent;
  }
  if (header_bytes + count > source.most_bytes()) {
    return malformed(path, fmt::format("its header promises {} bytes, but it holds at most {}: it is truncated or its "
                                       "header is damaged",
                                       header_bytes + count, source.most_bytes()));
  }
  return count;
}

}  // namespace

Result<IdxArray> read_idx(const std::filesystem::path& path, uint32_t rank) {
  LOWTIDE_TRY(ByteSource source, ByteSource::open(path));
  IdxArray array;
  array.extents.resize(rank);
  LOWTIDE_TRY(const uint64_t count, read_header(source, path, array.extents));
  const uint64_t total = source.position() + count;
  array.values.resize(count);
  LOWTIDE_TRY_VOID(read_exactly(source, path, array.values, total));
  if (!source.is_at_end()) return malformed(path, fmt::format("expected {} bytes, but {}", total, source.complaint()));
  return array;
}

Result<Split> read_idx_split(const std::filesystem::path& images, const std::filesystem::path& labels,
                             const ImageShape& image, uint32_t class_count) {
  LOWTIDE_TRY(IdxArray pixels, read_idx(images, 3));
  LOWTIDE_TRY(const IdxArray classes, read_idx(labels, 1));
  if (pixels.extents[1] != image.height || pixels.extents[2] != image.width) {
    return malformed(images, fmt::format("expected images of {} x {} pixels, found {} x {}", image.height, image.width,
                                         pixels.extents[1], pixels.extents[2]));
  }
  if (pixels.extents[0] != classes.extents[0]) {
    return malformed(labels, fmt::format("expected {} labels, one for each image of {}, found {}", pixels.extents[0],
                                         images.filename().string(), classes.extents[0]));
  }
  Split split;
  split.pixels = std::move(pixels.values);
  split.labels.reserve(classes.values.size());
  for (const uint8_t label : classes.values) {
    if (label >= class_count) {
      return malformed(labels, fmt::format("expected labels from 0 to {}, found {} for image {}", class_count - 1,
                                           label, split.labels.size()));
    }
    split.labels.push_back(label);
  }
  return split;
}

}  // namespace lowtide::trainer
