// SPDX-License-Identifier: Apache-2.0
// Program: a lowered and planned graph as data. engine/runtime records it once and replays it; nothing here knows
// Vulkan.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/id.hpp"
#include "engine/kernel/dispatch.hpp"

namespace lowtide::plan {

// Memory of one purpose; one or more buffers. The order is that of graph::Role, then what no value of a graph lives in.
enum class Arena : uint8_t {
  input,
  step,
  parameter,
  gradient,
  moment0,
  moment1,
  state,
  constant,
  activation,  // activations and scratch, aliased by lifetime
  metric,
  counter,  // of arriving workgroups: 0 when allocated and between any two dispatches; never aliased, not shared
};
inline constexpr uint32_t kArenaCount = 11;

const char* arena_name(Arena arena);

// Arenas whose contents outlive a submit and that another program (evaluation) may share: parameter, gradient, moments,
// state.
constexpr bool is_shareable(Arena arena) {
  return arena >= Arena::parameter && arena <= Arena::state;
}

struct Placement {
  Arena arena = Arena::activation;
  uint64_t offset = 0;  // bytes, a multiple of kPlacementAlignment; of constants: of constant_alignment()
  uint64_t bytes = 0;   // 0: the value is not stored (nothing uses it)
  friend bool operator==(const Placement&, const Placement&) = default;
};

inline constexpr uint64_t kPlacementAlignment =
    256;  // the largest storage-buffer alignment that Vulkan allows a device to ask

// Words that a value in the constant arena holds from the start.
struct Table {
  ValueId id;
  std::vector<uint32_t> words;
};

struct Program {
  std::vector<Dispatch> dispatches;
  std::vector<NodeId> nodes;          // of the graph, by dispatch; empty in a program that no graph was made into
  std::vector<NodeId> tuned_nodes;    // ascending: those whose kernels the tuning chose
  std::vector<uint32_t> barriers;     // ascending; one global compute-to-compute memory barrier before dispatch i
  std::vector<Placement> placements;  // by ValueId: the graph's values, then scratch
  std::array<uint64_t, kArenaCount> arena_bytes = {};
  uint64_t chunk_bytes = 0;  // no placement crosses a multiple of this; the runtime makes one buffer per chunk
  std::vector<ValueId>
      inputs;  // written by the host before every submit: role input, then the step block if there is one
  std::vector<ValueId> outputs;                 // read by the host after every submit: role metric
  std::vector<Table> tables;                    // written when the program is loaded
  std::vector<std::string> value_names;         // by ValueId; scratch is named after its node
  std::map<std::string, Placement> persistent;  // placements of shareable values by name

  const Placement& placement(ValueId id) const { return placements.at(id.index); }
};

}  // namespace lowtide::plan
