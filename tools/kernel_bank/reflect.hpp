// SPDX-License-Identifier: Apache-2.0
// What a compiled kernel says about itself: bindings, spec constants, push constants, capabilities. Refuses modules
// that break the rules of shaders/README.md which can be seen in the module alone; what the manifest adds is in
// rules.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/kernel_info.hpp"
#include "spirv.hpp"

namespace lowtide::kernel_bank {

struct ReflectedBinding {
  std::string name;
  Access access = Access::read;
};

enum class ScalarType { uint32, int32, float32, boolean };

struct ReflectedSpec {
  std::string name;
  uint32_t id = 0;
  ScalarType type = ScalarType::uint32;
  uint32_t default_value = 0;  // bit pattern

  friend bool operator==(const ReflectedSpec&, const ReflectedSpec&) = default;
};

struct ReflectedMember {
  std::string name;
  uint32_t offset = 0;  // bytes

  friend bool operator==(const ReflectedMember&, const ReflectedMember&) = default;
};

struct Reflection {
  std::vector<ReflectedBinding> bindings;     // by binding number; empty for the device-address form
  std::vector<ReflectedSpec> spec_constants;  // by id, dense from 0
  std::string param_type;                     // name of the struct in <op>.params.h, or empty: no push constants
  std::vector<ReflectedMember> params;
  uint32_t param_bytes = 0;
  std::vector<uint32_t> capabilities;  // sorted
};

// The storage-buffer form, with all rules.
Result<Reflection> reflect(const spirv::Module& module);

// Any form: everything but the bindings.
Result<Reflection> reflect_without_bindings(const spirv::Module& module);

}  // namespace lowtide::kernel_bank
