// SPDX-License-Identifier: Apache-2.0
// Value: an edge of a graph. It has a description and a role, never storage.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/id.hpp"
#include "engine/tensor/desc.hpp"

namespace lowtide::graph {

// What a value is for. The role decides the arena it lives in (engine/plan) and who may write it.
enum class Role : uint8_t {
  input,       // written by the host before every submit
  step,        // the step block: learning rate, step, seed, ... (shaders/lib/step_block.h)
  parameter,   // trainable latent; written by optimisers
  gradient,    // the gradient of the parameter named by `mirror`; same offset in its arena
  moment0,     // optimiser state of the parameter named by `mirror`; same offset
  moment1,     // likewise
  state,       // persistent and not trained by gradients: running statistics, counters
  constant,    // written once, when a program is loaded
  activation,  // lives from its producer to its last reader
  metric,      // read back by the host after every submit
};
inline constexpr uint32_t kRoleCount = 10;

const char* role_name(Role role);

// Persistent values keep their contents from one submit to the next.
constexpr bool is_persistent(Role role) {
  return role == Role::parameter || role == Role::moment0 || role == Role::moment1 || role == Role::state ||
         role == Role::constant;
}

// Values that lie one behind the other, in an arena or as parts of a joined value, start at multiples of so many f32
// elements: of 256 bytes, the largest storage-buffer alignment that Vulkan allows a device to ask.
inline constexpr uint32_t kValueAlignment = 64;

struct Value {
  TensorDesc desc;
  Role role = Role::activation;
  std::string name;  // unique among all values but activations: checkpoints and shared arenas go by it
  NodeId producer;   // first node that writes it; invalid for inputs, parameters, ...
  ValueId mirror;    // gradient, moment0, moment1: the parameter
  ValueId view_of;   // the value whose storage this one shares (flatten, a part of a joined value); invalid otherwise
  uint64_t view_offset = 0;  // where in that storage, in its elements
  // For parameter, gradient, moment0, moment1 and state: the whole arena of that role as one flat f32 tensor, in which
  // ops work that do the same for many values. Its extent is known only to the planner; desc is f32[0].
  bool is_whole_arena = false;
};

}  // namespace lowtide::graph
