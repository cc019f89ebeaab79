// SPDX-License-Identifier: Apache-2.0
// Id<Tag>: a typed 32-bit index, so that a value id is never passed where a node id is meant. Default-constructed ids
// are invalid.
#pragma once

#include <compare>
#include <cstdint>

namespace lowtide {

template <class Tag>
struct Id {
  static constexpr uint32_t kInvalid = 0xffffffffu;
  uint32_t index = kInvalid;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t i) : index(i) {}
  constexpr bool is_valid() const { return index != kInvalid; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using ValueId = Id<struct ValueTag>;    // edge data of a graph, or scratch of a program
using NodeId = Id<struct NodeTag>;      // vertex of a graph
using KernelId = Id<struct KernelTag>;  // row of the kernel bank

}  // namespace lowtide
