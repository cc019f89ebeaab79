// SPDX-License-Identifier: Apache-2.0
// The kernel bank: every compiled shader of this build, by id and by name. The table is generated
// (gen/kernel_table.cpp).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "engine/base/id.hpp"
#include "engine/kernel/kernel_info.hpp"

namespace lowtide {

// All kernels, sorted by name; KernelId is the index.
std::span<const KernelInfo> kernel_bank();

const KernelInfo& kernel_info(KernelId id);
std::optional<KernelId> find_kernel(std::string_view name);

}  // namespace lowtide
