// SPDX-License-Identifier: Apache-2.0
// Graph -> Program. Persistent arenas are laid out by name and order, the activation arena by lifetime.
#include "engine/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/hazards.hpp"
#include "engine/plan/lower.hpp"
#include "engine/plan/memory.hpp"

namespace lowtide::plan {
namespace {

using graph::Graph;
using graph::Role;
using graph::Value;

constexpr uint64_t kNever = ~uint64_t{0};
// What fewer barriers may cost beside the tightest packing: one byte in so many, or so many where that is more.
constexpr uint64_t kShareForBarriers = 50, kBytesForBarriers = uint64_t{1} << 20;

struct Planner {
  const Graph& graph;
  const PlanOptions& options;
  Lowered lowered;
  uint64_t constant_unit;
  Program program;

  uint64_t& arena_bytes(Arena arena) { return program.arena_bytes[static_cast<size_t>(arena)]; }

  Result<void> place_mirrored(Role role, Arena arena) {
    for (size_t i = 0; i < graph.values().size(); ++i) {
      const Value& value = graph.values()[i];
      if (value.role != role) continue;
      Placement& placement = program.placements[i];
      placement.arena = arena;
      const uint64_t all = uint64_t{graph::parameter_block_count(graph)} * graph::kParameterBlock * 4;
      if (value.is_whole_arena) {
        placement.bytes = all;
      } else {
        const ValueId parameter = role == Role::parameter ? ValueId(static_cast<uint32_t>(i)) : value.mirror;
        placement.offset = uint64_t{graph::blocks_of(graph, parameter).first} * graph::kParameterBlock * 4;
        placement.bytes = value.desc.bytes();
      }
      arena_bytes(arena) = all;
    }
    if (arena_bytes(arena) <= program.chunk_bytes) return {};
    return fail(ErrorCode::unsupported,
                fmt::format("the network's parameters need {} bytes, but the device binds at most {} at once",
                            arena_bytes(arena), program.chunk_bytes));
  }

  // Behind what the arena holds.
  Result<void> place_last(ValueId id, Arena arena, uint64_t bytes, const std::string& name) {
    if (bytes > program.chunk_bytes) {
      return fail(ErrorCode::unsupported,
                  fmt::format("'{}' needs {} bytes, but the device binds at most {} at once; use a smaller batch", name,
                              bytes, program.chunk_bytes));
    }
    uint64_t offset = round_up(arena_bytes(arena), arena == Arena::constant ? constant_unit : kPlacementAlignment);
    if (offset / program.chunk_bytes != (offset + std::max<uint64_t>(bytes, 1) - 1) / program.chunk_bytes) {
      offset = round_up(offset, program.chunk_bytes);
    }
    program.placements[id.index] = {arena, offset, bytes};
    arena_bytes(arena) = offset + bytes;
    return {};
  }

  // One after the other, in order of creation.
  Result<void> place_sequentially(Role role, Arena arena) {
    for (const ValueId id : graph.with_role(role)) {
      LOWTIDE_TRY_VOID(place_last(id, arena, graph.desc(id).bytes(), graph.value(id).name));
    }
    return {};
  }

  Result<void> place_counters() {
    for (const ScratchValue& counters : lowered.scratch) {
      if (!counters.is_counter) continue;
      LOWTIDE_TRY_VOID(place_last(counters.id, Arena::counter, counters.bytes, graph.node(counters.node).name));
    }
    return {};
  }

  // Ops that work on the whole state arena know where its values lie (state_offset).
  Result<void> place_whole_state() {
    static_assert(graph::kValueAlignment * 4 == kPlacementAlignment);
    const ValueId whole = graph.find("arena/state");
    if (!whole.is_valid()) return {};
    LOWTIDE_CHECK(options.shared == nullptr, "the whole state arena of another program");
    const uint64_t bytes = arena_bytes(Arena::state);
    program.placements[whole.index] = {Arena::state, 0, bytes};
    if (bytes <= program.chunk_bytes) return {};
    return fail(ErrorCode::unsupported, fmt::format("the network's state needs {} bytes, but the device binds at most "
                                                    "{} at once",
                                                    bytes, program.chunk_bytes));
  }

  // Behind the constants of the graph.
  Result<void> place_tables() {
    for (const ScratchValue& table : lowered.scratch) {
      if (table.contents.empty()) continue;
      LOWTIDE_TRY_VOID(place_last(table.id, Arena::constant, table.bytes, graph.node(table.node).name));
      program.tables.push_back({table.id, table.contents});
    }
    return {};
  }

  // Replaces own placements of shareable values by those of the other program.
  Result<void> take_shared_placements() {
    if (options.shared == nullptr) return {};
    for (size_t i = 0; i < graph.values().size(); ++i) {
      const Value& value = graph.values()[i];
      Placement& placement = program.placements[i];
      if (placement.bytes == 0 || !is_shareable(placement.arena) || graph.values()[i].view_of.is_valid()) continue;
      const auto it = options.shared->persistent.find(value.name);
      if (it == options.shared->persistent.end() || it->second.bytes != placement.bytes) {
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("'{}' ({}) is not part of the network whose memory is to be shared, or has another size "
                        "there; both programs must be made from one network",
                        value.name, to_string(value.desc)));
      }
      placement = it->second;
    }
    for (uint32_t a = 0; a < kArenaCount; ++a) {
      if (is_shareable(static_cast<Arena>(a))) program.arena_bytes[a] = options.shared->arena_bytes[a];
    }
    return {};
  }

  Result<void> place_activations() {
    const size_t value_count = graph.values().size();
    std::vector<uint64_t> first(program.placements.size(), kNever), last(program.placements.size(), 0);
    for (size_t d = 0; d < lowered.dispatches.size(); ++d) {
      const Dispatch& dispatch = lowered.dispatches[d];
      for (uint32_t i = 0; i < dispatch.value_count; ++i) {
        ValueId id = dispatch.values[i];
        if (id.index < value_count) id = graph.storage_of(id);
        first[id.index] = std::min<uint64_t>(first[id.index], d);
        last[id.index] = std::max<uint64_t>(last[id.index], d);
      }
    }
    const std::vector<Together> together = runs_together();
    std::vector<Lifetime> lifetimes, whole_runs;
    std::vector<size_t> owners;
    const auto add = [&](size_t value, uint64_t bytes) {
      if (first[value] == kNever || bytes == 0) return;
      lifetimes.push_back({bytes, static_cast<uint32_t>(first[value]), static_cast<uint32_t>(last[value])});
      whole_runs.push_back({bytes, together[first[value]].first, together[last[value]].last});
      owners.push_back(value);
    };
    for (size_t i = 0; i < value_count; ++i) {
      const Value& value = graph.values()[i];
      if (value.role == Role::activation && !value.view_of.is_valid()) add(i, value.desc.bytes());
    }
    for (const ScratchValue& scratch : lowered.scratch) {
      if (scratch.is_counter || !scratch.contents.empty()) continue;
      add(scratch.id.index, scratch.bytes);
    }
    LOWTIDE_TRY(Packing packing, pack_lifetimes(lifetimes, kPlacementAlignment, program.chunk_bytes));
    auto relaxed = pack_lifetimes(whole_runs, kPlacementAlignment, program.chunk_bytes);
    if (relaxed && relaxed->bytes <= packing.bytes + std::max(packing.bytes / kShareForBarriers, kBytesForBarriers)) {
      packing = std::move(*relaxed);
    }
    for (size_t i = 0; i < owners.size(); ++i) {
      program.placements[owners[i]] = {Arena::activation, packing.offsets[i], lifetimes[i].bytes};
    }
    arena_bytes(Arena::activation) = packing.bytes;
    return {};
  }

  void resolve_views() {
    for (size_t i = 0; i < graph.values().size(); ++i) {
      const ValueId id(static_cast<uint32_t>(i));
      const ValueId storage = graph.storage_of(id);
      Placement placement = program.placements[storage.index];
      if (storage == id || placement.bytes == 0) continue;
      placement.offset += graph.offset_in_storage(id) * 4;
      placement.bytes = graph.desc(id).bytes();
      program.placements[i] = placement;
    }
  }

  // What dispatches touch. Not `is_placed`: activations, scratch and counters are each a memory of their own.
  std::vector<AccessSet> accesses(bool is_placed) const {
    std::vector<AccessSet> out(lowered.dispatches.size());
    for (size_t d = 0; d < out.size(); ++d) {
      const Dispatch& dispatch = lowered.dispatches[d];
      const KernelInfo& info = kernel_info(dispatch.kernel);
      for (uint32_t i = 0; i < dispatch.value_count; ++i) {
        const ValueId id = dispatch.values[i];
        const bool is_of_graph = id.index < graph.values().size();
        const ValueId storage = is_of_graph ? graph.storage_of(id) : id;
        const bool is_own = !is_placed && (!is_of_graph || graph.value(storage).role == Role::activation);
        const Placement& p = program.placement(storage);
        const uint64_t begin =
            is_of_graph ? graph.offset_in_storage(id) * 4 : 0;  // parts of one memory do not conflict
        const uint64_t bytes = storage == id ? p.bytes : graph.desc(id).bytes();
        ByteRange range = {static_cast<uint32_t>(p.arena), p.offset + begin, p.offset + begin + bytes};
        if (is_own) range = {kArenaCount + storage.index, begin, begin + (is_of_graph ? graph.desc(id).bytes() : 1)};
        if (reads(info.bindings[i].access)) out[d].reads.push_back(range);
        if (writes(info.bindings[i].access)) out[d].writes.push_back(range);
      }
    }
    return out;
  }

  // Of each dispatch the first and last one that no barrier separates from it where no memory is used twice. Where
  // lifetimes are whole such runs, using memory again adds no barrier.
  struct Together {
    uint32_t first, last;
  };
  std::vector<Together> runs_together() const {
    std::vector<uint32_t> ends = plan::place_barriers(accesses(false));
    ends.push_back(narrow<uint32_t>(lowered.dispatches.size()));
    std::vector<Together> out;
    uint32_t begin = 0;
    for (const uint32_t end : ends) {
      out.insert(out.end(), end - begin, Together{begin, end - 1});
      begin = end;
    }
    return out;
  }

  void describe() {
    for (const Value& value : graph.values()) program.value_names.push_back(value.name);
    for (const ScratchValue& scratch : lowered.scratch) {
      const char* kind = scratch.is_counter ? "/counters" : scratch.contents.empty() ? "/scratch" : "/table";
      program.value_names.push_back(graph.node(scratch.node).name + kind);
    }
    program.inputs = graph.with_role(Role::input);
    const std::vector<ValueId> step = graph.with_role(Role::step);
    program.inputs.insert(program.inputs.end(), step.begin(), step.end());
    program.outputs = graph.with_role(Role::metric);
    for (size_t i = 0; i < graph.values().size(); ++i) {
      const Placement& placement = program.placements[i];
      if (is_shareable(placement.arena) && placement.bytes > 0 && !graph.values()[i].view_of.is_valid()) {
        program.persistent[graph.values()[i].name] = placement;
      }
    }
  }
};

}  // namespace

const char* arena_name(Arena arena) {
  return arena == Arena::counter ? "counter" : graph::role_name(static_cast<Role>(arena));
}

Result<Program> make_program(const Graph& graph, const graph::LowerTarget& target, const PlanOptions& options) {
  static_assert(static_cast<int>(Role::metric) == static_cast<int>(Arena::metric), "arenas mirror roles");
  LOWTIDE_TRY(Lowered lowered, lower(graph, target));
  Planner p = {.graph = graph,
               .options = options,
               .lowered = std::move(lowered),
               .constant_unit = constant_alignment(target.caps),
               .program = {}};
  p.program.placements.resize(graph.values().size() + p.lowered.scratch.size());
  const uint64_t limit = std::min(target.caps.max_storage_buffer_bytes, target.caps.max_allocation_bytes);
  p.program.chunk_bytes = limit / graph::kParameterBlock / 4 * graph::kParameterBlock * 4;
  LOWTIDE_TRY_VOID(p.place_mirrored(Role::parameter, Arena::parameter));
  LOWTIDE_TRY_VOID(p.place_mirrored(Role::gradient, Arena::gradient));
  LOWTIDE_TRY_VOID(p.place_mirrored(Role::moment0, Arena::moment0));
  LOWTIDE_TRY_VOID(p.place_mirrored(Role::moment1, Arena::moment1));
  for (const Role role : {Role::input, Role::step, Role::state, Role::constant, Role::metric}) {
    LOWTIDE_TRY_VOID(p.place_sequentially(role, static_cast<Arena>(role)));
  }
  LOWTIDE_TRY_VOID(p.place_whole_state());
  LOWTIDE_TRY_VOID(p.place_tables());
  LOWTIDE_TRY_VOID(p.take_shared_placements());
  LOWTIDE_TRY_VOID(p.place_activations());
  LOWTIDE_TRY_VOID(p.place_counters());
  p.resolve_views();
  p.program.barriers = place_barriers(p.accesses(true));
  p.describe();
  p.program.dispatches = std::move(p.lowered.dispatches);
  p.program.nodes = std::move(p.lowered.nodes);
  p.program.tuned_nodes = std::move(p.lowered.tuned);
  return std::move(p.program);
}

}  // namespace lowtide::plan
