// SPDX-License-Identifier: Apache-2.0
// Ticket: names one submission to the device; later submissions have greater values. No Vulkan header needed.
#pragma once

#include <compare>
#include <cstdint>

namespace lowtide::vk {

struct Ticket {
  uint64_t value = 0;  // 0: nothing was submitted, done at once
  friend auto operator<=>(const Ticket&, const Ticket&) = default;
};

}  // namespace lowtide::vk
