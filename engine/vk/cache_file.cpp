// SPDX-License-Identifier: Apache-2.0
// Pipeline cache files.
#include "engine/vk/cache_file.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <system_error>

#include "engine/base/file.hpp"

namespace lowtide::vk {
namespace {

constexpr std::string_view kMagic = "LTPIPE01";
constexpr size_t kEnvelopeBytes = 24;
constexpr size_t kDriverHeaderBytes = 32;

uint64_t fnv1a(std::span<const std::byte> bytes) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<uint64_t>(b)) * 0x100000001b3ull;
  return hash;
}

uint64_t read_little_endian(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = (value << 8) | static_cast<uint64_t>(bytes[i]);
  return value;
}

void write_u64(std::byte* to, uint64_t value) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

// What is wrong with the driver's part: empty when nothing is.
std::string payload_fault(std::span<const std::byte> payload, const CacheOwner& owner) {
  if (payload.size() < kDriverHeaderBytes) return "it is shorter than the driver's header";
  const auto word = [&](size_t at) { return read_little_endian(payload.subspan(at, 4)); };
  if (word(0) != kDriverHeaderBytes || word(4) != 1) return "its header is not version one";
  if (word(8) != owner.vendor_id || word(12) != owner.device_id) return "it belongs to another device";
  if (std::memcmp(payload.data() + 16, owner.cache_uuid.data(), owner.cache_uuid.size()) != 0) {
    return "it belongs to another build of the driver";
  }
  return {};
}

}  // namespace

std::filesystem::path default_cache_folder(const Environment& environment) {
  const auto text = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (text("LOWTIDE_PIPELINE_CACHE") == "0") return {};
  if (const std::string cache = text("LOWTIDE_CACHE"); !cache.empty()) {
    return std::filesystem::path(cache) / "pipelines";
  }
  if (const std::string cache = text("XDG_CACHE_HOME"); !cache.empty()) {
    return std::filesystem::path(cache) / "lowtide" / "pipelines";
  }
  if (const std::string home = text("HOME"); !home.empty()) {
    return std::filesystem::path(home) / ".cache" / "lowtide" / "pipelines";
  }
  return {};
}

std::string cache_key(const std::array<uint8_t, 16>& device_uuid, uint32_t driver_version) {
  std::string name;
  for (const uint8_t byte : device_uuid) name += fmt::format("{:02x}", byte);
  return name + fmt::format("-{:08x}", driver_version);
}

std::string cache_file_name(const CacheOwner& owner) {
  return cache_key(owner.device_uuid, owner.driver_version) + ".bin";
}

Result<std::vector<std::byte>> load_cache(const std::filesystem::path& path, const CacheOwner& owner) {
  LOWTIDE_TRY(const MappedFile file, MappedFile::open(path));
  const std::span<const std::byte> bytes = file.bytes();
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::format, fmt::format("the pipeline cache {} is ignored: {}", path.string(), what));
  };
  if (bytes.size() < kEnvelopeBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return refuse("it is not a pipeline cache of this version of lowtide");
  }
  const std::span<const std::byte> payload = bytes.subspan(kEnvelopeBytes);
  if (read_little_endian(bytes.subspan(8, 8)) != payload.size()) return refuse("it is cut short or too long");
  if (read_little_endian(bytes.subspan(16, 8)) != fnv1a(payload)) return refuse("its checksum is wrong");
  if (const std::string fault = payload_fault(payload, owner); !fault.empty()) return refuse(fault);
  return std::vector<std::byte>(payload.begin(), payload.end());
}

Result<void> save_cache(const std::filesystem::path& path, std::span<const std::byte> payload) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return fail(ErrorCode::io, fmt::format("cannot make the folder {}: {}; set LOWTIDE_CACHE to a folder that can be "
                                           "written",
                                           path.parent_path().string(), error.message()));
  }
  std::array<std::byte, kEnvelopeBytes> envelope = {};
  std::memcpy(envelope.data(), kMagic.data(), kMagic.size());
  write_u64(envelope.data() + 8, payload.size());
  write_u64(envelope.data() + 16, fnv1a(payload));
  const std::array<std::span<const std::byte>, 2> parts = {envelope, payload};
  return write_file_atomically(path, std::span<const std::span<const std::byte>>(parts));
}

}  // namespace lowtide::vk
