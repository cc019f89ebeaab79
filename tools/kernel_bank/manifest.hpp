// SPDX-License-Identifier: Apache-2.0
// The manifest of one op: what tools/cmake/kernels.cmake wrote from the op's kernels.cmake, one kernel a line,
// "name|module|address module or nothing|features|in-place bindings", lists separated by spaces.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.hpp"

namespace lowtide::kernel_bank {

struct ManifestEntry {
  std::string name;
  std::filesystem::path module;
  std::filesystem::path address_module;  // empty: NO_DEVICE_ADDRESS
  std::vector<std::string> features;
  std::vector<std::string> in_place;
};

struct Manifest {
  std::string op;  // the file's stem
  std::vector<ManifestEntry> kernels;
};

Result<Manifest> read_manifest(const std::filesystem::path& path);

}  // namespace lowtide::kernel_bank
