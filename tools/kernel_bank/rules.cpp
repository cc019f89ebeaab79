// SPDX-License-Identifier: Apache-2.0
// The rules, and the table of which SPIR-V capability needs which feature.
#include "rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lowtide::kernel_bank {
namespace {

constexpr std::array<std::string_view, 15> kFeatures = {"float16",
                                                        "int8",
                                                        "storage8",
                                                        "storage16",
                                                        "subgroup_arithmetic",
                                                        "subgroup_shuffle",
                                                        "subgroup_ballot",
                                                        "integer_dot",
                                                        "cooperative_matrix",
                                                        "cooperative_matrix2",
                                                        "device_address",
                                                        "bfloat16",
                                                        "int64",
                                                        "int16",
                                                        "cooperative_matrix_int8"};

// Enumerants of the SPIR-V specification, section Capability. An empty feature: every Vulkan 1.3 device has it.
struct CapabilityRule {
  uint32_t capability;
  std::string_view name;
  std::string_view feature;
};
constexpr CapabilityRule kCapabilityRules[] = {
    {0, "Matrix", ""},
    {1, "Shader", ""},
    {9, "Float16", "float16"},
    {11, "Int64", "int64"},
    {22, "Int16", "int16"},
    {39, "Int8", "int8"},
    {61, "GroupNonUniform", ""},
    {63, "GroupNonUniformArithmetic", "subgroup_arithmetic"},
    {64, "GroupNonUniformBallot", "subgroup_ballot"},
    {65, "GroupNonUniformShuffle", "subgroup_shuffle"},
    {66, "GroupNonUniformShuffleRelative", "subgroup_shuffle"},
    {4433, "StorageBuffer16BitAccess", "storage16"},
    {4448, "StorageBuffer8BitAccess", "storage8"},
    {5116, "BFloat16TypeKHR", "bfloat16"},
    {5117, "BFloat16DotProductKHR", "bfloat16"},
    {5118, "BFloat16CooperativeMatrixKHR", "bfloat16"},
    {5345, "VulkanMemoryModel", "cooperative_matrix"},
    {5430, "CooperativeMatrixReductionsNV", "cooperative_matrix2"},
    {5431, "CooperativeMatrixConversionsNV", "cooperative_matrix2"},
    {5432, "CooperativeMatrixPerElementOperationsNV", "cooperative_matrix2"},
    {5433, "CooperativeMatrixTensorAddressingNV", "cooperative_matrix2"},
    {5434, "CooperativeMatrixBlockLoadsNV", "cooperative_matrix2"},
    {6016, "DotProductInputAll", "integer_dot"},
    {6017, "DotProductInput4x8Bit", "integer_dot"},
    {6018, "DotProductInput4x8BitPacked", "integer_dot"},
    {6019, "DotProduct", "integer_dot"},
    {6022, "CooperativeMatrixKHR", "cooperative_matrix"},
};

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

tl::unexpected<Error> refuse(std::string text) {
  return fail(ErrorCode::invalid_argument, std::move(text));
}

Result<void> check_capability(const ManifestEntry& entry, uint32_t capability) {
  const auto rule = std::find_if(std::begin(kCapabilityRules), std::end(kCapabilityRules),
                                 [&](const CapabilityRule& r) { return r.capability == capability; });
  if (rule == std::end(kCapabilityRules)) {
    return refuse(
        fmt::format("the kernel uses SPIR-V capability {}, which no feature of engine/kernel/kernel_info.hpp "
                    "covers",
                    capability));
  }
  if (!rule->feature.empty() && !contains(entry.features, rule->feature)) {
    return refuse(
        fmt::format("the kernel uses capability {}; declare FEATURES {} in kernels.cmake", rule->name, rule->feature));
  }
  return {};
}

// Names that the generated struct uses itself, and C++ words that GLSL allows.
bool is_reserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {
      "Spec",  "spec",    "name",   "id",       "local_size", "param_bytes", "values", "words",   "auto",
      "char",  "class",   "delete", "explicit", "export",     "friend",      "long",   "mutable", "namespace",
      "new",   "private", "public", "register", "short",      "signed",      "static", "this",    "template",
      "throw", "try",     "typeid", "union",    "unsigned",   "using",       "virtual"};
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

Result<void> check_names(const Reflection& kernel) {
  for (const ReflectedBinding& binding : kernel.bindings) {
    if (is_reserved(binding.name)) return refuse(fmt::format("a binding cannot be named '{}' in C++", binding.name));
  }
  for (const ReflectedSpec& spec : kernel.spec_constants) {
    if (is_reserved(spec.name)) return refuse(fmt::format("a spec constant cannot be named '{}' in C++", spec.name));
  }
  return {};
}

Result<void> check_in_place(const ManifestEntry& entry, const Reflection& kernel) {
  for (const ReflectedBinding& binding : kernel.bindings) {
    const bool is_listed = contains(entry.in_place, binding.name);
    if (binding.access == Access::read_write && !is_listed) {
      return refuse(
          fmt::format("binding '{}' is read and written but not declared IN_PLACE; use BUFFER_READ or "
                      "BUFFER_WRITE, or add IN_PLACE {} in kernels.cmake",
                      binding.name, binding.name));
    }
    if (binding.access != Access::read_write && is_listed) {
      return refuse(fmt::format("binding '{}' is declared IN_PLACE but the shader does not both read and write it",
                                binding.name));
    }
  }
  for (const std::string& name : entry.in_place) {
    if (std::none_of(kernel.bindings.begin(), kernel.bindings.end(),
                     [&](const ReflectedBinding& b) { return b.name == name; })) {
      return refuse(fmt::format("IN_PLACE names '{}', which is no binding of the kernel", name));
    }
  }
  return {};
}

}  // namespace

bool is_feature(std::string_view name) {
  return std::find(kFeatures.begin(), kFeatures.end(), name) != kFeatures.end();
}

Result<void> check_kernel(const ManifestEntry& entry, const Reflection& kernel) {
  for (const std::string& feature : entry.features) {
    if (!is_feature(feature)) return refuse(fmt::format("FEATURES names '{}', which is no feature", feature));
  }
  for (const uint32_t capability : kernel.capabilities) LOWTIDE_TRY_VOID(check_capability(entry, capability));
  LOWTIDE_TRY_VOID(check_names(kernel));
  return check_in_place(entry, kernel);
}

Result<void> check_twin(const Reflection& kernel, const Reflection& address) {
  std::vector<uint32_t> capabilities = kernel.capabilities;
  capabilities.push_back(spirv::kCapabilityPhysicalAddresses);
  std::sort(capabilities.begin(), capabilities.end());
  if (address.capabilities != capabilities || address.spec_constants != kernel.spec_constants ||
      address.params != kernel.params || address.param_bytes != kernel.param_bytes) {
    return refuse("the device-address form is not the same kernel; build it again");
  }
  return {};
}

}  // namespace lowtide::kernel_bank
