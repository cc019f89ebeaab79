// SPDX-License-Identifier: Apache-2.0
// Text form of a Program.
#include "engine/plan/dump.hpp"

#include <fmt/format.h>

#include "engine/kernel/bank.hpp"

namespace lowtide::plan {

std::string dump(const Program& program) {
  std::string out;
  for (uint32_t a = 0; a < kArenaCount; ++a) {
    if (program.arena_bytes[a] > 0) {
      out += fmt::format("arena {} {} bytes\n", arena_name(static_cast<Arena>(a)), program.arena_bytes[a]);
    }
  }
  for (size_t i = 0; i < program.placements.size(); ++i) {
    const Placement& p = program.placements[i];
    if (p.bytes == 0) continue;
    out += fmt::format("%{} {}+{} {} bytes # {}\n", i, arena_name(p.arena), p.offset, p.bytes, program.value_names[i]);
  }
  size_t next_barrier = 0;
  for (size_t d = 0; d < program.dispatches.size(); ++d) {
    if (next_barrier < program.barriers.size() && program.barriers[next_barrier] == d) {
      out += "-- barrier\n";
      ++next_barrier;
    }
    const Dispatch& dispatch = program.dispatches[d];
    const KernelInfo& info = kernel_info(dispatch.kernel);
    std::string values;
    for (uint32_t i = 0; i < dispatch.value_count; ++i) {
      const char* mark = writes(info.bindings[i].access) ? (reads(info.bindings[i].access) ? "<>" : ">") : "";
      values += fmt::format(" {}{}=%{}", mark, info.bindings[i].name, dispatch.values[i].index);
    }
    std::string spec;
    for (uint32_t i = 0; i < dispatch.spec_count; ++i) {
      spec += fmt::format(" {}={}", info.spec_constants[i].name, dispatch.spec[i]);
    }
    out += fmt::format("{} [{} {} {}]{} |{} # {}\n", info.name, dispatch.groups.x, dispatch.groups.y, dispatch.groups.z,
                       values, spec, dispatch.label.data());
  }
  return out;
}

}  // namespace lowtide::plan
