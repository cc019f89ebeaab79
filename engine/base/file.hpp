// SPDX-License-Identifier: Apache-2.0
// Whole files: map for reading, write atomically (a reader sees the old bytes or the new ones, never a part).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace lowtide {

// A read-only mapping of a file; unmapped on destruction. Movable, not copyable.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// The whole file as text; refuses files above `max_bytes` (a recipe or a metadata file is small).
Result<std::string> read_text(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{16} << 20);

// Writes the parts one after the other to a temporary file beside `path`, flushes it to the disk, renames it over
// `path`.
Result<void> write_file_atomically(const std::filesystem::path& path,
                                   std::span<const std::span<const std::byte>> parts);
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace lowtide
