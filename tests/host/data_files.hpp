// SPDX-License-Identifier: Apache-2.0
// Files that the data tests write: a folder of their own that goes away with the test, and bytes of small images.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace lowtide::trainer {

using Bytes = std::vector<uint8_t>;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("lowtide_" + std::to_string(::getpid()) + "_" + test->test_suite_name() + "_" + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes a file, and the folders above it.
  std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(stream.good()) << file;
    return file;
  }

 private:
  std::filesystem::path path_;
};

inline void append_big_endian(Bytes& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

// An IDX file of unsigned bytes: values 0, 1, 2, ... modulo `modulus`.
inline Bytes idx_bytes(const std::vector<uint32_t>& extents, uint32_t modulus = 251) {
  Bytes out;
  append_big_endian(out, 0x0800u + static_cast<uint32_t>(extents.size()));
  uint64_t count = 1;
  for (const uint32_t extent : extents) {
    append_big_endian(out, extent);
    count *= extent;
  }
  for (uint64_t i = 0; i < count; ++i) out.push_back(static_cast<uint8_t>(i % modulus));
  return out;
}

}  // namespace lowtide::trainer
