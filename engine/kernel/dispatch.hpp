// SPDX-License-Identifier: Apache-2.0
// Dispatch: what the GPU is asked to do, as trivially copyable data. DispatchList: what an op's `lower` writes.
// Values are named by id; where they live is the planner's business (engine/plan).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/base/id.hpp"
#include "engine/base/ints.hpp"

namespace lowtide {

inline constexpr uint32_t kMaxBindings = 8;
inline constexpr uint32_t kMaxSpecConstants = 16;
inline constexpr uint32_t kMaxParamBytes = 128;

struct Groups {
  uint32_t x = 1;
  uint32_t y = 1;
  uint32_t z = 1;
};

struct Dispatch {
  KernelId kernel;
  std::array<ValueId, kMaxBindings> values = {};      // in binding order
  std::array<uint32_t, kMaxSpecConstants> spec = {};  // by spec id, as bit patterns
  std::array<std::byte, kMaxParamBytes> params = {};
  uint32_t value_count = 0;
  uint32_t spec_count = 0;
  uint32_t param_bytes = 0;
  Groups groups;
  std::array<char, 72> label = {};  // "<node> <kernel>", cut to fit, zero-terminated
};
static_assert(std::is_trivially_copyable_v<Dispatch>);

// Memory of one node beside the graph's values. Scratch: contents are undefined before the node's first dispatch and
// lost after its last one. Counters: no other node has them, they are 0 before the first submit, and every dispatch
// leaves them at 0 (shaders/lib/last_workgroup.glsl). A table, which has contents: no dispatch writes it.
struct Scratch {
  ValueId id;
  uint64_t bytes;
  bool is_counter = false;
  std::vector<uint32_t> contents = {};
};

class DispatchList {
 public:
  // `first_scratch`: the first ValueId not used by the graph; scratch ids are handed out from there.
  explicit DispatchList(uint32_t first_scratch) : next_scratch_(first_scratch) {}

  // Scratch of `bytes` bytes that lives for the node being lowered.
  ValueId scratch(uint64_t bytes) {
    const ValueId id(next_scratch_++);
    scratch_.push_back({id, bytes});
    return id;
  }

  // `count` counters of 32 bits, of one dispatch.
  ValueId counters(uint32_t count) {
    const ValueId id = scratch(uint64_t{count} * 4);
    scratch_.back().is_counter = true;
    return id;
  }

  // Rows, structs of 4-byte fields, that are written when the program is loaded and then only read.
  template <class Row>
  ValueId table(const std::vector<Row>& rows) {
    static_assert(std::is_trivially_copyable_v<Row> && sizeof(Row) % 4 == 0);
    LOWTIDE_CHECK(!rows.empty(), "a table of no rows");
    std::vector<uint32_t> words(rows.size() * sizeof(Row) / 4);
    std::memcpy(words.data(), rows.data(), words.size() * 4);
    const ValueId id = scratch(words.size() * 4);
    scratch_.back().contents = std::move(words);
    return id;
  }

  // Adds one dispatch of a generated kernel struct (kernels::...): its value members, its `spec` member, and `params`,
  // whose size must be the shader's push-constant size. `groups` must be positive in all axes.
  template <class Kernel, class Params>
  void add(const Kernel& kernel, const Params& params, Groups groups) {
    static_assert(std::is_trivially_copyable_v<Params>);
    static_assert(sizeof(Params) == Kernel::param_bytes, "the params struct is not the one that the shader declares");
    add_raw(Kernel::id, kernel.values(), kernel.spec.words(), &params, sizeof(Params), groups, Kernel::name);
  }

  template <size_t ValueCount, size_t SpecCount>
  void add_raw(KernelId id, const std::array<ValueId, ValueCount>& values, const std::array<uint32_t, SpecCount>& spec,
               const void* params, size_t param_bytes, Groups groups, std::string_view kernel_name) {
    static_assert(ValueCount <= kMaxBindings && SpecCount <= kMaxSpecConstants);
    LOWTIDE_CHECK(groups.x > 0 && groups.y > 0 && groups.z > 0, "a dispatch of no workgroups");
    LOWTIDE_CHECK(param_bytes <= kMaxParamBytes, "too many push-constant bytes");
    Dispatch d;
    d.kernel = id;
    for (size_t i = 0; i < ValueCount; ++i) d.values[i] = values[i];
    for (size_t i = 0; i < SpecCount; ++i) d.spec[i] = spec[i];
    std::memcpy(d.params.data(), params, param_bytes);
    d.value_count = static_cast<uint32_t>(ValueCount);
    d.spec_count = static_cast<uint32_t>(SpecCount);
    d.param_bytes = static_cast<uint32_t>(param_bytes);
    d.groups = groups;
    set_label(d, kernel_name);
    dispatches_.push_back(d);
  }

  // The name that labels start with, set by the driver of the lowering before each node.
  void set_node_name(std::string_view name) { node_name_ = name; }

  const std::vector<Dispatch>& dispatches() const { return dispatches_; }
  const std::vector<Scratch>& scratches() const { return scratch_; }

 private:
  void set_label(Dispatch& d, std::string_view kernel_name) const {
    std::string label = node_name_ + " " + std::string(kernel_name);
    label.resize(std::min(label.size(), d.label.size() - 1));
    std::memcpy(d.label.data(), label.data(), label.size());
  }

  std::vector<Dispatch> dispatches_;
  std::vector<Scratch> scratch_;
  std::string node_name_;
  uint32_t next_scratch_;
};

// Workgroups of `local_size` invocations that cover `count` items along x, folded into y where x would exceed the limit
// that every Vulkan device grants (65535). Kernels linearise: item = (gl_WorkGroupID.y * gl_NumWorkGroups.x +
// gl_WorkGroupID.x) * width + local.
constexpr Groups groups_for(uint64_t count, uint32_t local_size) {
  constexpr uint64_t kMaxX = 65535;
  const uint64_t groups = count == 0 ? 1 : ceil_div(count, local_size);
  if (groups <= kMaxX) return {static_cast<uint32_t>(groups), 1, 1};
  const uint64_t y = ceil_div(groups, kMaxX);
  LOWTIDE_CHECK(y <= kMaxX, "too many workgroups for one dispatch");
  return {static_cast<uint32_t>(ceil_div(groups, y)), static_cast<uint32_t>(y), 1};
}

}  // namespace lowtide
