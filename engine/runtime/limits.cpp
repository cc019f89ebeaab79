// SPDX-License-Identifier: Apache-2.0
// Programs against device limits.
#include "engine/runtime/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/memory.hpp"

namespace lowtide::runtime {
namespace {

void check_placements(const plan::Program& program, uint64_t constant_unit) {
  for (const plan::Placement& placement : program.placements) {
    if (placement.bytes == 0) continue;
    const uint64_t end = placement.offset + placement.bytes;
    const bool is_constant = placement.arena == plan::Arena::constant;
    LOWTIDE_CHECK(placement.offset % (is_constant ? constant_unit : plan::kPlacementAlignment) == 0,
                  "a placement is not aligned");
    LOWTIDE_CHECK(end <= program.arena_bytes[static_cast<size_t>(placement.arena)], "a placement ends past its arena");
    LOWTIDE_CHECK(placement.offset / program.chunk_bytes == (end - 1) / program.chunk_bytes,
                  "a placement crosses a chunk boundary");
  }
}

Result<void> check_dispatch(const plan::Program& program, const Dispatch& dispatch, const DeviceCaps& caps) {
  const KernelInfo& kernel = kernel_info(dispatch.kernel);
  LOWTIDE_CHECK(dispatch.value_count == kernel.bindings.size(), "a dispatch does not bind what its kernel declares");
  LOWTIDE_CHECK(dispatch.param_bytes == kernel.param_bytes, "a dispatch pushes other parameters than its kernel's");
  const auto refuse = [&](std::string_view what, uint64_t found, uint64_t allowed) {
    return fail(ErrorCode::unsupported, fmt::format("'{}' needs {} {}, this device allows {}; use a smaller batch",
                                                    dispatch.label.data(), found, what, allowed));
  };
  const uint32_t groups[] = {dispatch.groups.x, dispatch.groups.y, dispatch.groups.z};
  for (size_t axis = 0; axis < 3; ++axis) {
    if (groups[axis] > caps.max_workgroup_count[axis]) {
      return refuse("workgroups along one axis", groups[axis], caps.max_workgroup_count[axis]);
    }
  }
  if (dispatch.param_bytes > caps.max_push_constant_bytes) {
    return refuse("bytes of push constants", dispatch.param_bytes, caps.max_push_constant_bytes);
  }
  for (uint32_t i = 0; i < dispatch.value_count; ++i) {
    const uint64_t bytes = program.placement(dispatch.values[i]).bytes;
    LOWTIDE_CHECK(bytes > 0, "a dispatch uses a value that is not stored");
    if (bytes > caps.max_storage_buffer_bytes) {
      return refuse("bytes in one buffer", bytes, caps.max_storage_buffer_bytes);
    }
  }
  return {};
}

}  // namespace

Result<void> check_limits(const plan::Program& program, const DeviceCaps& caps) {
  LOWTIDE_CHECK(program.chunk_bytes > 0 && program.chunk_bytes % plan::kPlacementAlignment == 0,
                "chunks must be a multiple of the placement alignment");
  LOWTIDE_CHECK(std::is_sorted(program.barriers.begin(), program.barriers.end()), "barriers must ascend");
  check_placements(program, plan::constant_alignment(caps));
  for (const Dispatch& dispatch : program.dispatches) LOWTIDE_TRY_VOID(check_dispatch(program, dispatch, caps));
  return {};
}

}  // namespace lowtide::runtime
