// SPDX-License-Identifier: Apache-2.0
// A SPIR-V module as a list of instructions, and the few numbers of the SPIR-V specification (unified1) that the kernel
// bank needs. No validation: spirv-val has seen every module before this program does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.hpp"

namespace lowtide::kernel_bank::spirv {

inline constexpr uint32_t kMagic = 0x07230203u;
inline constexpr uint32_t kVersion15 = 0x00010500u;
inline constexpr size_t kHeaderWords = 5;

enum class Op : uint16_t {
  name = 5,
  member_name = 6,
  memory_model = 14,
  entry_point = 15,
  capability = 17,
  type_bool = 20,
  type_int = 21,
  type_float = 22,
  type_vector = 23,
  type_matrix = 24,
  type_array = 28,
  type_runtime_array = 29,
  type_struct = 30,
  type_pointer = 32,
  constant = 43,
  spec_constant_true = 48,
  spec_constant_false = 49,
  spec_constant = 50,
  spec_constant_composite = 51,
  function = 54,
  function_end = 56,
  variable = 59,
  load = 61,
  store = 62,
  access_chain = 65,
  in_bounds_access_chain = 66,
  array_length = 68,
  decorate = 71,
  member_decorate = 72,
  phi = 245,
  label = 248,
  execution_mode_id = 331,
  cooperative_matrix_load = 4457,
  cooperative_matrix_store = 4458,
};

enum class StorageClass : uint32_t {
  uniform_constant = 0,
  uniform = 2,
  push_constant = 9,
  storage_buffer = 12,
  physical_storage_buffer = 5349,
};

enum class Decoration : uint32_t {
  spec_id = 1,
  block = 2,
  non_writable = 24,
  non_readable = 25,
  binding = 33,
  descriptor_set = 34,
  offset = 35,
};

inline constexpr uint32_t kExecutionModeLocalSizeId = 38;
inline constexpr uint32_t kAddressingPhysical64 = 5348;
inline constexpr uint32_t kCapabilityPhysicalAddresses = 5347;
inline constexpr uint32_t kMemoryAccessAligned = 2;

struct Instruction {
  Op op;
  std::vector<uint32_t> operands;  // everything after the first word

  uint32_t operator[](size_t i) const { return operands[i]; }
};

// The literal string that starts at operand `first`.
std::string literal_string(const Instruction& instruction, size_t first);

struct Module {
  uint32_t version = 0;
  uint32_t generator = 0;
  uint32_t bound = 0;
  std::vector<Instruction> instructions;
};

Result<Module> parse(std::span<const uint32_t> words);
std::vector<uint32_t> words_of(const Module& module);
Result<std::vector<uint32_t>> read_words(const std::filesystem::path& path);

}  // namespace lowtide::kernel_bank::spirv
