// SPDX-License-Identifier: Apache-2.0
// Where the manifest and the module must agree: features cover capabilities, read-write bindings are listed in place,
// names can become C++ members, the device-address form is the same kernel.
#pragma once

#include <string_view>

#include "engine/base/result.hpp"
#include "manifest.hpp"
#include "reflect.hpp"

namespace lowtide::kernel_bank {

// The names of engine/kernel/kernel_info.hpp.
bool is_feature(std::string_view name);

Result<void> check_kernel(const ManifestEntry& entry, const Reflection& kernel);

// `address`: reflection of the twin, without bindings.
Result<void> check_twin(const Reflection& kernel, const Reflection& address);

}  // namespace lowtide::kernel_bank
