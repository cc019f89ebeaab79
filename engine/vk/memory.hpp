// SPDX-License-Identifier: Apache-2.0
// Where memory comes from: three domains, chosen per allocation. There is no general allocator: whoever wants many
// values plans them into few buffers.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/result.hpp"
#include "engine/vk/api.hpp"
#include "engine/vk/device.hpp"

namespace lowtide::vk {

enum class Domain : uint8_t {
  device,    // fastest for the device; the host does not see it
  upload,    // the host writes it in order, the device reads it
  readback,  // the device writes it, the host reads it (cached where there is such memory)
};
const char* domain_name(Domain domain);

// The index of the memory type to use among those in `type_bits`; host-visible domains are always coherent.
std::optional<uint32_t> choose_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t type_bits,
                                           Domain domain);

// Allocates memory for a buffer. `with_address` for buffers whose device address will be taken.
Result<VkDeviceMemory> allocate_memory(const Device& device, const VkMemoryRequirements& requirements, Domain domain,
                                       bool with_address);

}  // namespace lowtide::vk
