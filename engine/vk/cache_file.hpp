// SPDX-License-Identifier: Apache-2.0
// The pipeline cache on disk: where it is, its envelope, and the checks before a driver is given old bytes. Drivers are
// not robust against damaged caches, so nothing reaches them whose length, checksum or owner is wrong. No Vulkan.
//
// File: 8 bytes "LTPIPE01", u64 payload bytes, u64 FNV-1a of the payload (both little-endian), then the payload: what
// vkGetPipelineCacheData gave, whose first 32 bytes are VkPipelineCacheHeaderVersionOne.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/vk/features.hpp"

namespace lowtide::vk {

struct CacheOwner {
  uint32_t vendor_id = 0;
  uint32_t device_id = 0;
  uint32_t driver_version = 0;
  std::array<uint8_t, 16> device_uuid = {};
  std::array<uint8_t, 16> cache_uuid = {};
};

// ${LOWTIDE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lowtide}/pipelines; empty (no cache) where none of these is set, or
// where LOWTIDE_PIPELINE_CACHE is "0".
std::filesystem::path default_cache_folder(const Environment& environment);

// "<device uuid>-<driver version>", both in hexadecimal: the stem of names of files that hold for these alone.
std::string cache_key(const std::array<uint8_t, 16>& device_uuid, uint32_t driver_version);

// The key and ".bin".
std::string cache_file_name(const CacheOwner& owner);

// The payload of a cache file. Error `not_found` where there is none, `format` where it is damaged or another driver's.
Result<std::vector<std::byte>> load_cache(const std::filesystem::path& path, const CacheOwner& owner);

// Writes the file atomically, making its folder where needed.
Result<void> save_cache(const std::filesystem::path& path, std::span<const std::byte> payload);

}  // namespace lowtide::vk
