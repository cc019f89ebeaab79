// SPDX-License-Identifier: Apache-2.0
// Which device to use: a pure choice over candidates, with a reason for each one that is not usable. No Vulkan.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"

namespace lowtide::vk {

struct Candidate {
  DeviceCaps caps;
  std::string unusable;  // why it cannot be used although its limits would do ("has no compute queue"); else empty
};

struct Selection {
  uint32_t index = 0;                 // into the candidates
  std::string reason;                 // "the only usable device", "the best of 3 usable devices: discrete", ...
  std::vector<std::string> rejected;  // "1 (SwiftShader): offers Vulkan 1.1, at least 1.3 is needed"
};

// Why lowtide cannot run on a candidate: empty when it can.
std::string rejection(const Candidate& candidate);

// Chooses a device. `request` is empty (choose: discrete before integrated before virtual before other before software;
// then more memory; then the lower index), an index in decimal, or part of a device's or driver's name in any case.
// Error `not_found` (no device, none usable, none matches) or `unsupported` (the requested one is not usable); its
// reasons name every candidate.
Result<Selection> select_device(std::span<const Candidate> candidates, std::string_view request);

}  // namespace lowtide::vk
