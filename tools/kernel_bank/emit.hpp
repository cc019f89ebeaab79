// SPDX-License-Identifier: Apache-2.0
// The generated C++: per op a header with one typed struct per kernel and a source with the SPIR-V words, and one table
// over all ops. Kernel ids are defined in the table's source, so that a new kernel recompiles no other op.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "manifest.hpp"
#include "reflect.hpp"

namespace lowtide::kernel_bank {

struct BankKernel {
  std::string name;
  std::vector<std::string> features;
  Reflection reflection;
  std::vector<uint32_t> words;
  std::vector<uint32_t> address_words;  // empty: none
};

std::string op_header(const std::string& op, const std::vector<BankKernel>& kernels);
// `has_params_header`: shaders/<op>/<op>.params.h exists; its structs are compared with what the shaders use.
std::string op_source(const std::string& op, const std::vector<BankKernel>& kernels, bool has_params_header);
std::string table_source(const std::vector<Manifest>& manifests);

}  // namespace lowtide::kernel_bank
