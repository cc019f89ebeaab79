// SPDX-License-Identifier: Apache-2.0
// One small kernel per optional feature, numbers to run it on, and the numbers it must give, computed on the host.
// Pure: no device. Expected numbers may depend on what was found where the specification leaves a mapping to the driver
// (which invocation is in which subgroup).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/kernel/caps.hpp"

namespace lowtide::verify {

struct Case {
  Feature feature;
  std::string_view kernel;         // of the bank; a compiler that lacks the feature leaves it out
  std::vector<uint32_t> spec;      // by spec id: the workgroup width first
  uint32_t count = 0;              // items: SelfTestParams
  uint32_t groups = 1;             // workgroups
  std::vector<uint32_t> input;     // words of x
  uint32_t output_words = 0;       // of y, which is all zeros before
  bool by_device_address = false;  // the form of the kernel to run
  // The words that y must hold, given those that were found.
  std::function<std::vector<uint32_t>(std::span<const uint32_t> found)> expected;
};

// In the order to run them: a case comes after those of the features that its kernel needs besides its own.
std::vector<Case> all_cases(const DeviceCaps& caps);

// The features that some kernel of the bank needs, those of the self-tests left out; and device addresses where kernels
// have that form.
FeatureMask features_in_use();

}  // namespace lowtide::verify
