// SPDX-License-Identifier: Apache-2.0
// Device choice.
#include "engine/vk/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <tuple>

namespace lowtide::vk {
namespace {

constexpr uint32_t kVersion1_3 = (1u << 22) | (3u << 12);

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

int kind_rank(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::discrete:
      return 0;
    case DeviceKind::integrated:
      return 1;
    case DeviceKind::virtual_gpu:
      return 2;
    case DeviceKind::other:
      return 3;
    case DeviceKind::cpu:
      break;
  }
  return 4;
}

std::string line(std::span<const Candidate> candidates, size_t index, std::string_view remark) {
  return fmt::format("{} ({}): {}", index, candidates[index].caps.name, remark);
}

std::vector<std::string> all_lines(std::span<const Candidate> candidates) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const std::string why_not = rejection(candidates[i]);
    lines.push_back(line(candidates, i, why_not.empty() ? "usable" : why_not));
  }
  return lines;
}

std::optional<size_t> as_index(std::string_view request) {
  if (request.empty() || request.size() > 4) return std::nullopt;
  size_t index = 0;
  for (const char c : request) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<size_t>(c - '0');
  }
  return index;
}

bool matches(const Candidate& candidate, std::string_view request) {
  const std::string part = lower_case(request);
  return lower_case(candidate.caps.name).find(part) != std::string::npos ||
         lower_case(candidate.caps.driver).find(part) != std::string::npos;
}

// The best of the candidates `among` that are usable.
std::optional<size_t> best(std::span<const Candidate> candidates, const std::vector<size_t>& among) {
  std::optional<size_t> found;
  const auto rank = [&](size_t i) {
    const DeviceCaps& caps = candidates[i].caps;
    return std::make_tuple(kind_rank(caps.kind), ~caps.device_memory_bytes, i);
  };
  for (const size_t i : among) {
    if (!rejection(candidates[i]).empty()) continue;
    if (!found || rank(i) < rank(*found)) found = i;
  }
  return found;
}

}  // namespace

std::string rejection(const Candidate& candidate) {
  const DeviceCaps& caps = candidate.caps;
  if (caps.api_version < kVersion1_3) {
    return fmt::format("offers Vulkan {}.{}, at least 1.3 is needed; a newer driver may bring it",
                       (caps.api_version >> 22) & 0x7f, (caps.api_version >> 12) & 0x3ff);
  }
  if (!candidate.unusable.empty()) return candidate.unusable;
  const DeviceCaps floor = floor_caps();
  struct Limit {
    const char* name;
    uint64_t found;
    uint64_t needed;
  };
  const Limit limits[] = {
      {"invocations in a workgroup", caps.max_workgroup_invocations, floor.max_workgroup_invocations},
      {"bytes of shared memory", caps.max_shared_bytes, floor.max_shared_bytes},
      {"bytes of push constants", caps.max_push_constant_bytes, floor.max_push_constant_bytes},
      {"bytes in a storage buffer", caps.max_storage_buffer_bytes, uint64_t{1} << 27},
  };
  for (const Limit& limit : limits) {
    if (limit.found < limit.needed) {
      return fmt::format("offers {} {}, at least {} are needed", limit.found, limit.name, limit.needed);
    }
  }
  return {};
}

Result<Selection> select_device(std::span<const Candidate> candidates, std::string_view request) {
  if (candidates.empty()) {
    return fail(ErrorCode::not_found,
                "no Vulkan device was found; install a Vulkan 1.3 driver, or run tools/setup for the software driver");
  }
  std::vector<size_t> among;
  const std::optional<size_t> index = as_index(request);
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (index ? i == *index : matches(candidates[i], request)) among.push_back(i);
  }
  if (among.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("no Vulkan device is called '{}'; give an index or a part of a name of this list", request),
                all_lines(candidates));
  }
  const std::optional<size_t> chosen = best(candidates, among);
  if (!chosen && request.empty()) {
    return fail(ErrorCode::not_found, "none of the Vulkan devices can be used; see the reason of each",
                all_lines(candidates));
  }
  if (!chosen) {
    return fail(ErrorCode::unsupported, fmt::format("the device '{}' cannot be used; choose another", request),
                all_lines(candidates));
  }
  Selection selection;
  selection.index = static_cast<uint32_t>(*chosen);
  size_t usable = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const std::string why_not = rejection(candidates[i]);
    if (why_not.empty()) ++usable;
    if (!why_not.empty()) selection.rejected.push_back(line(candidates, i, why_not));
  }
  if (!request.empty()) {
    selection.reason = fmt::format("'{}' was asked for", request);
  } else if (usable == 1) {
    selection.reason = "the only usable device";
  } else {
    selection.reason = fmt::format("the best of {} usable devices", usable);
  }
  return selection;
}

}  // namespace lowtide::vk
