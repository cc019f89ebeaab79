// SPDX-License-Identifier: Apache-2.0
// Lookup in the generated table.
#include "engine/kernel/bank.hpp"

#include <algorithm>

#include "engine/base/check.hpp"

namespace lowtide {

const KernelInfo& kernel_info(KernelId id) {
  const std::span<const KernelInfo> bank = kernel_bank();
  LOWTIDE_CHECK(id.index < bank.size(), "a kernel id that is not in the bank");
  return bank[id.index];
}

std::optional<KernelId> find_kernel(std::string_view name) {
  const std::span<const KernelInfo> bank = kernel_bank();
  const auto it = std::lower_bound(bank.begin(), bank.end(), name,
                                   [](const KernelInfo& info, std::string_view n) { return info.name < n; });
  if (it == bank.end() || it->name != name) return std::nullopt;
  return KernelId(static_cast<uint32_t>(it - bank.begin()));
}

}  // namespace lowtide
