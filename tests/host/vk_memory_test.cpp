// SPDX-License-Identifier: Apache-2.0
// Which memory type each domain takes, on the memory layouts that drivers really have.
#include <gtest/gtest.h>

#include "engine/vk/memory.hpp"

namespace lowtide {
namespace {

using vk::Domain;

constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kVisible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
constexpr VkMemoryPropertyFlags kCoherent = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
constexpr uint32_t kAll = 0xffffffffu;

VkPhysicalDeviceMemoryProperties layout(std::initializer_list<VkMemoryPropertyFlags> types) {
  VkPhysicalDeviceMemoryProperties memory = {};
  for (const VkMemoryPropertyFlags flags : types) memory.memoryTypes[memory.memoryTypeCount++].propertyFlags = flags;
  return memory;
}

TEST(VkMemory, ADiscreteCardKeepsHostMemoryOnTheHost) {
  // System, local, system coherent, system cached, local and visible (a resizable BAR).
  const auto memory =
      layout({0, kLocal, kVisible | kCoherent, kVisible | kCoherent | kCached, kLocal | kVisible | kCoherent});
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::device), 1u);
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::upload), 2u);
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::readback), 3u);
}

TEST(VkMemory, ASharedMemoryIsTakenForEverything) {
  const auto memory = layout({kLocal | kVisible | kCoherent | kCached});
  for (const Domain domain : {Domain::device, Domain::upload, Domain::readback}) {
    EXPECT_EQ(vk::choose_memory_type(memory, kAll, domain), 0u) << vk::domain_name(domain);
  }
}

TEST(VkMemory, CachedMemoryThatIsNotCoherentIsNotTakenForTheHost) {
  const auto memory = layout({kLocal, kLocal | kVisible | kCached, kLocal | kVisible | kCoherent});
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::upload), 2u);
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::readback), 2u);
}

TEST(VkMemory, OnlyAllowedTypesAreTaken) {
  const auto memory = layout({kLocal, kVisible | kCoherent, kLocal | kVisible | kCoherent});
  EXPECT_EQ(vk::choose_memory_type(memory, 0b110, Domain::device), 2u);
  EXPECT_EQ(vk::choose_memory_type(memory, 0b010, Domain::device), 1u) << "no local memory: any";
  EXPECT_EQ(vk::choose_memory_type(memory, 0b001, Domain::upload), std::nullopt);
  EXPECT_EQ(vk::choose_memory_type(memory, 0, Domain::device), std::nullopt);
}

TEST(VkMemory, ProtectedAndLazyMemoryIsNeverTaken) {
  const auto memory = layout({kLocal | VK_MEMORY_PROPERTY_PROTECTED_BIT,
                              kLocal | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT, kVisible | kCoherent});
  EXPECT_EQ(vk::choose_memory_type(memory, kAll, Domain::device), 2u);
}

}  // namespace
}  // namespace lowtide
