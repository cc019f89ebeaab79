// SPDX-License-Identifier: Apache-2.0
// What the golden tests share: the files of tests/golden, and digests of what is too long to store.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace lowtide::golden {

inline std::filesystem::path path_of(const std::string& name) {
  return std::filesystem::path(LOWTIDE_SOURCE_DIR) / "tests" / "golden" / name;
}

// Whether files are written instead of compared.
inline bool is_updating() {
  return std::getenv("LOWTIDE_UPDATE_GOLDEN") != nullptr;
}

// FNV-1a, 64 bits.
inline uint64_t digest(std::span<const std::byte> bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<uint64_t>(byte)) * 1099511628211u;
  return hash;
}
inline uint64_t digest(std::string_view text) {
  return digest(std::as_bytes(std::span(text)));
}

// Expects the text of the file `name`.
void compare(const std::string& name, const std::string& found);

}  // namespace lowtide::golden
