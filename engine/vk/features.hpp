// SPDX-License-Identifier: Apache-2.0
// Names of optional features, their kill switches, and the one-line description of a device for banners and bug
// reports. Pure: no Vulkan.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"

namespace lowtide::vk {

struct FeatureName {
  Feature feature;
  std::string_view name;         // "cooperative_matrix"
  std::string_view kill_switch;  // "LOWTIDE_DISABLE_COOPERATIVE_MATRIX": the environment variable that clears the bit
};
std::span<const FeatureName> feature_names();

// Reads an environment variable: its text, or nullptr. std::getenv, or a stand-in in tests.
using Environment = std::function<const char*(const char*)>;

// The features that the environment switches off. A switch is on when it is set to anything but "" and "0".
FeatureMask disabled_features(const Environment& environment);

// Removes `disabled` from the features, and what depends on them.
void disable_features(DeviceCaps& caps, FeatureMask disabled);

// What the environment changes of a device: the kill switches; LOWTIDE_MAX_BUFFER_MIB, which lowers the largest buffer
// (drivers have promised more than they can do; tests want many chunks); LOWTIDE_AS_GPU, which gives a software driver
// the kernels of a GPU (slow there; for tests). Error where the number is none above 0.
Result<void> apply_environment(DeviceCaps& caps, const Environment& environment);

// "NVIDIA H200 | driver NVIDIA 570.86 | discrete, 139.8 GiB | subgroup 32 | shared 48 KiB | fp16 int8 ...": one line.
std::string describe_device(const DeviceCaps& caps);

}  // namespace lowtide::vk
