// SPDX-License-Identifier: Apache-2.0
// The feature table and the device line.
#include "engine/vk/features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace lowtide::vk {
namespace {

constexpr std::array kFeatureNames = {
    FeatureName{Feature::float16, "float16", "LOWTIDE_DISABLE_FLOAT16"},
    FeatureName{Feature::bfloat16, "bfloat16", "LOWTIDE_DISABLE_BFLOAT16"},
    FeatureName{Feature::int8, "int8", "LOWTIDE_DISABLE_INT8"},
    FeatureName{Feature::int16, "int16", "LOWTIDE_DISABLE_INT16"},
    FeatureName{Feature::int64, "int64", "LOWTIDE_DISABLE_INT64"},
    FeatureName{Feature::storage8, "storage8", "LOWTIDE_DISABLE_STORAGE8"},
    FeatureName{Feature::storage16, "storage16", "LOWTIDE_DISABLE_STORAGE16"},
    FeatureName{Feature::subgroup_arithmetic, "subgroup_arithmetic", "LOWTIDE_DISABLE_SUBGROUP_ARITHMETIC"},
    FeatureName{Feature::subgroup_ballot, "subgroup_ballot", "LOWTIDE_DISABLE_SUBGROUP_BALLOT"},
    FeatureName{Feature::subgroup_shuffle, "subgroup_shuffle", "LOWTIDE_DISABLE_SUBGROUP_SHUFFLE"},
    FeatureName{Feature::integer_dot, "integer_dot", "LOWTIDE_DISABLE_INTEGER_DOT"},
    FeatureName{Feature::cooperative_matrix, "cooperative_matrix", "LOWTIDE_DISABLE_COOPERATIVE_MATRIX"},
    FeatureName{Feature::cooperative_matrix2, "cooperative_matrix2", "LOWTIDE_DISABLE_COOPERATIVE_MATRIX2"},
    FeatureName{Feature::cooperative_matrix_int8, "cooperative_matrix_int8", "LOWTIDE_DISABLE_COOPERATIVE_MATRIX_INT8"},
    FeatureName{Feature::device_address, "device_address", "LOWTIDE_DISABLE_DEVICE_ADDRESS"},
};

const char* kind_name(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::integrated:
      return "integrated";
    case DeviceKind::discrete:
      return "discrete";
    case DeviceKind::virtual_gpu:
      return "virtual";
    case DeviceKind::cpu:
      return "software";
    case DeviceKind::other:
      break;
  }
  return "other";
}

}  // namespace

std::span<const FeatureName> feature_names() {
  return kFeatureNames;
}

namespace {

// Set to anything but "" and "0".
bool is_on(const Environment& environment, std::string_view name) {
  const char* text = environment(std::string(name).c_str());
  return text != nullptr && std::string_view(text) != "" && std::string_view(text) != "0";
}

}  // namespace

FeatureMask disabled_features(const Environment& environment) {
  FeatureMask disabled = 0;
  for (const FeatureName& row : kFeatureNames) {
    if (is_on(environment, row.kill_switch)) disabled |= bit(row.feature);
  }
  return disabled;
}

void disable_features(DeviceCaps& caps, FeatureMask disabled) {
  if ((disabled & bit(Feature::cooperative_matrix)) != 0) {
    disabled |= bit(Feature::cooperative_matrix2) | bit(Feature::cooperative_matrix_int8);
  }
  caps.features &= ~disabled;
  if (!caps.has(bit(Feature::device_address))) caps.prefers_device_address = false;
}

Result<void> apply_environment(DeviceCaps& caps, const Environment& environment) {
  disable_features(caps, disabled_features(environment));
  if (is_on(environment, "LOWTIDE_AS_GPU")) caps.kind = DeviceKind::other;
  const char* text = environment("LOWTIDE_MAX_BUFFER_MIB");
  if (text == nullptr || *text == '\0') return {};
  uint64_t mebibytes = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, mebibytes);
  if (error != std::errc() || stop != end || mebibytes == 0 || mebibytes > (uint64_t{1} << 40)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("LOWTIDE_MAX_BUFFER_MIB is '{}'; it must be a whole number of MiB, or unset", text));
  }
  caps.max_allocation_bytes = std::min(caps.max_allocation_bytes, mebibytes << 20);
  return {};
}

std::string describe_device(const DeviceCaps& caps) {
  std::string features;
  for (const FeatureName& row : kFeatureNames) {
    if (caps.has(bit(row.feature))) features += fmt::format(" {}", row.name);
  }
  std::string subgroup = std::to_string(caps.subgroup_size);
  if (caps.min_subgroup_size != caps.max_subgroup_size) {
    subgroup += fmt::format(" ({}..{})", caps.min_subgroup_size, caps.max_subgroup_size);
  }
  return fmt::format(
      "{} | driver {} | {}, {:.1f} GiB | Vulkan {}.{} | subgroup {} | workgroup {} | shared {} KiB |{}", caps.name,
      caps.driver, kind_name(caps.kind), static_cast<double>(caps.device_memory_bytes) / (1024.0 * 1024.0 * 1024.0),
      (caps.api_version >> 22) & 0x7f, (caps.api_version >> 12) & 0x3ff, subgroup, caps.max_workgroup_invocations,
      caps.max_shared_bytes / 1024, features.empty() ? " no optional feature" : features);
}

}  // namespace lowtide::vk
