// SPDX-License-Identifier: Apache-2.0
// The parts of engine/vk that need no device: choice, kill switches.
#include <gtest/gtest.h>

#include "engine/vk/features.hpp"
#include "engine/vk/select.hpp"

namespace lowtide {
namespace {

constexpr uint32_t version(uint32_t major, uint32_t minor) {
  return (major << 22) | (minor << 12);
}

vk::Candidate candidate(const char* name, DeviceKind kind, uint64_t gigabytes) {
  vk::Candidate out;
  out.caps = floor_caps();
  out.caps.name = name;
  out.caps.driver = "driver of ";
  out.caps.driver += name;
  out.caps.kind = kind;
  out.caps.api_version = version(1, 3);
  out.caps.device_memory_bytes = gigabytes << 30;
  return out;
}

std::vector<vk::Candidate> desk() {
  return {candidate("llvmpipe", DeviceKind::cpu, 64), candidate("Small Card", DeviceKind::discrete, 8),
          candidate("Laptop Graphics", DeviceKind::integrated, 32), candidate("Large Card", DeviceKind::discrete, 80),
          candidate("Twin Card", DeviceKind::discrete, 80)};
}

uint32_t chosen(const std::vector<vk::Candidate>& candidates, std::string_view request) {
  const auto selection = vk::select_device(candidates, request);
  EXPECT_TRUE(selection) << selection.error().to_string();
  return selection ? selection->index : 0xffffffffu;
}

TEST(VkSelect, PrefersKindThenMemoryThenOrder) {
  std::vector<vk::Candidate> candidates = desk();
  EXPECT_EQ(chosen(candidates, ""), 3u);
  candidates[3].unusable = candidates[4].unusable = candidates[1].unusable = "is on fire";
  EXPECT_EQ(chosen(candidates, ""), 2u);
  candidates[2].caps.kind = DeviceKind::virtual_gpu;
  EXPECT_EQ(chosen(candidates, ""), 2u);
  candidates[2].caps.kind = DeviceKind::other;
  EXPECT_EQ(chosen(candidates, ""), 2u);
  candidates[2].caps.kind = DeviceKind::cpu;
  EXPECT_EQ(chosen(candidates, ""), 0u) << "equal kinds: more memory";
}

TEST(VkSelect, TakesAnIndexOrAPartOfANameInAnyCase) {
  const std::vector<vk::Candidate> candidates = desk();
  EXPECT_EQ(chosen(candidates, "0"), 0u);
  EXPECT_EQ(chosen(candidates, "2"), 2u);
  EXPECT_EQ(chosen(candidates, "LLVM"), 0u);
  EXPECT_EQ(chosen(candidates, "card"), 3u) << "the best of those that match";
  EXPECT_EQ(chosen(candidates, "of small"), 1u) << "a part of the driver's name";
}

TEST(VkSelect, AnUnknownRequestListsEveryDevice) {
  for (const char* request : {"5", "99999", "Quantum"}) {
    const auto selection = vk::select_device(desk(), request);
    ASSERT_FALSE(selection) << request;
    EXPECT_EQ(selection.error().code, ErrorCode::not_found);
    ASSERT_EQ(selection.error().reasons.size(), 5u);
    EXPECT_EQ(selection.error().reasons[1], "1 (Small Card): usable");
  }
}

TEST(VkSelect, ARequestForAnUnusableDeviceIsRefusedWithItsReason) {
  std::vector<vk::Candidate> candidates = desk();
  candidates[0].caps.api_version = version(1, 1);
  const auto selection = vk::select_device(candidates, "llvm");
  ASSERT_FALSE(selection);
  EXPECT_EQ(selection.error().code, ErrorCode::unsupported);
  EXPECT_NE(selection.error().reasons[0].find("offers Vulkan 1.1, at least 1.3"), std::string::npos);
}

TEST(VkSelect, SaysWhyEachOtherDeviceCannotBeUsed) {
  std::vector<vk::Candidate> candidates = desk();
  candidates[0].caps.max_shared_bytes = 8192;
  candidates[1].caps.max_push_constant_bytes = 64;
  candidates[2].caps.max_workgroup_invocations = 64;
  candidates[4].caps.max_storage_buffer_bytes = 1 << 20;
  const auto selection = vk::select_device(candidates, "");
  ASSERT_TRUE(selection);
  EXPECT_EQ(selection->index, 3u);
  EXPECT_EQ(selection->reason, "the only usable device");
  const std::vector<std::string> expected = {
      "0 (llvmpipe): offers 8192 bytes of shared memory, at least 16384 are needed",
      "1 (Small Card): offers 64 bytes of push constants, at least 128 are needed",
      "2 (Laptop Graphics): offers 64 invocations in a workgroup, at least 128 are needed",
      "4 (Twin Card): offers 1048576 bytes in a storage buffer, at least 134217728 are needed"};
  EXPECT_EQ(selection->rejected, expected);
}

TEST(VkSelect, NoDeviceAndNoUsableDeviceAreDifferentErrors) {
  EXPECT_FALSE(vk::select_device({}, ""));
  std::vector<vk::Candidate> one = {candidate("Old", DeviceKind::discrete, 1)};
  one[0].caps.api_version = version(1, 2);
  const auto none = vk::select_device(one, "");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reasons.size(), 1u);
}

TEST(VkSelect, TheFloorItselfIsUsable) {
  EXPECT_EQ(vk::rejection(candidate("floor", DeviceKind::other, 1)), "");
}

TEST(VkFeatures, EveryKillSwitchClearsItsFeature) {
  for (const vk::FeatureName& row : vk::feature_names()) {
    const auto with = [&](const char* value) {
      return vk::disabled_features([&](const char* name) { return name == row.kill_switch ? value : nullptr; });
    };
    EXPECT_EQ(with("1"), bit(row.feature)) << row.name;
    EXPECT_EQ(with("0"), 0u) << row.name;
    EXPECT_EQ(with(""), 0u) << row.name;
    DeviceCaps caps = floor_caps();
    EXPECT_EQ(vk::describe_device(caps).find(row.name), std::string::npos) << row.name;
    caps.features = bit(row.feature);
    EXPECT_NE(vk::describe_device(caps).find(row.name), std::string::npos) << row.name;
    vk::disable_features(caps, bit(row.feature));
    EXPECT_EQ(caps.features, 0u) << row.name;
  }
}

TEST(VkFeatures, WhatDependsOnAFeatureGoesWithIt) {
  DeviceCaps caps = software_caps();
  vk::disable_features(caps, bit(Feature::device_address) | bit(Feature::cooperative_matrix));
  EXPECT_FALSE(caps.prefers_device_address);
  EXPECT_FALSE(caps.has(bit(Feature::cooperative_matrix2)));
  EXPECT_FALSE(caps.has(bit(Feature::cooperative_matrix_int8)));
  EXPECT_TRUE(caps.has(bit(Feature::float16)));
}

TEST(VkFeatures, TheLargestBufferCanBeLoweredNeverRaised) {
  const auto with = [](const char* value, DeviceCaps& caps) {
    return vk::apply_environment(
        caps, [&](const char* name) { return std::string_view(name) == "LOWTIDE_MAX_BUFFER_MIB" ? value : nullptr; });
  };
  DeviceCaps caps = floor_caps();
  const uint64_t before = caps.max_allocation_bytes;
  EXPECT_TRUE(with("", caps));
  EXPECT_TRUE(with("1000000", caps));
  EXPECT_EQ(caps.max_allocation_bytes, before);
  EXPECT_TRUE(with("64", caps));
  EXPECT_EQ(caps.max_allocation_bytes, uint64_t{64} << 20);
  for (const char* bad : {"0", "-1", "64M", "x", " 64", "99999999999999999999"}) {
    EXPECT_FALSE(with(bad, caps)) << bad;
    EXPECT_EQ(caps.max_allocation_bytes, uint64_t{64} << 20);
  }
}

}  // namespace
}  // namespace lowtide
