// SPDX-License-Identifier: Apache-2.0
// Memory types.
#include "engine/vk/memory.hpp"

#include <fmt/format.h>

#include <bit>

#include "engine/vk/debug.hpp"

namespace lowtide::vk {
namespace {

constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kHost = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
// Memory that needs special care or is not ours to use.
constexpr VkMemoryPropertyFlags kNever = VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT;

struct Wish {
  VkMemoryPropertyFlags required;
  VkMemoryPropertyFlags wanted;
  VkMemoryPropertyFlags unwanted;
};

Wish wish_of(Domain domain) {
  switch (domain) {
    case Domain::upload:
      return {kHost, 0, kCached | kLocal};
    case Domain::readback:
      return {kHost, kCached, kLocal};
    case Domain::device:
      break;
  }
  return {0, kLocal, kHost};
}

}  // namespace

const char* domain_name(Domain domain) {
  switch (domain) {
    case Domain::device:
      return "device";
    case Domain::upload:
      return "upload";
    case Domain::readback:
      return "readback";
  }
  return "unknown";
}

std::optional<uint32_t> choose_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t type_bits,
                                           Domain domain) {
  const Wish wish = wish_of(domain);
  std::optional<uint32_t> best;
  int best_score = 0;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
    if ((type_bits & (1u << i)) == 0 || (flags & kNever) != 0 || (flags & wish.required) != wish.required) continue;
    // What is wanted outweighs everything that is unwanted; ties go to the lower index, the driver's preference.
    const int score = 8 * std::popcount(flags & wish.wanted) - std::popcount(flags & wish.unwanted);
    if (best && score <= best_score) continue;
    best = i;
    best_score = score;
  }
  return best;
}

Result<VkDeviceMemory> allocate_memory(const Device& device, const VkMemoryRequirements& requirements, Domain domain,
                                       bool with_address) {
  const auto attempt = [&] {
    return fmt::format("allocating {} bytes of {} memory", requirements.size, domain_name(domain));
  };
  const std::optional<uint32_t> type =
      choose_memory_type(device.physical().memory, requirements.memoryTypeBits, domain);
  if (!type) {
    return fail(ErrorCode::unsupported, fmt::format("the device has no memory of the {} kind for buffers; choose "
                                                    "another device",
                                                    domain_name(domain)));
  }
  VkMemoryAllocateFlagsInfo flags = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO};
  flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
  VkMemoryAllocateInfo info = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, with_address ? &flags : nullptr};
  info.allocationSize = requirements.size;
  info.memoryTypeIndex = *type;
  if (const VkResult fault = device.charge(Resource::memory); fault != VK_SUCCESS) return vk_fail(fault, attempt());
  VkDeviceMemory memory = VK_NULL_HANDLE;
  const VkResult result = device.api().vkAllocateMemory(device.handle(), &info, nullptr, &memory);
  if (result != VK_SUCCESS) return vk_fail(result, attempt());
  return memory;
}

}  // namespace lowtide::vk
