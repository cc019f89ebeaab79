// SPDX-License-Identifier: Apache-2.0
// Small programs made by hand from the fill and copy kernels, for tests of the runtime alone: no graph, no planner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/ints.hpp"
#include "engine/kernel/dispatch.hpp"
#include "engine/plan/program.hpp"
#include "gen/kernels/copy.hpp"
#include "gen/kernels/fill.hpp"
#include "shaders/copy/copy.params.h"
#include "shaders/fill/fill.params.h"

namespace lowtide::test {

class HandMadeProgram {
 public:
  explicit HandMadeProgram(uint64_t chunk_bytes = uint64_t{1} << 26) { program_.chunk_bytes = chunk_bytes; }

  // A value of `words` 32-bit words, placed behind what is in the arena already, at the next chunk where it must.
  ValueId value(plan::Arena arena, uint32_t words) {
    uint64_t& end = program_.arena_bytes[static_cast<size_t>(arena)];
    const uint64_t bytes = uint64_t{words} * 4;
    if (end / program_.chunk_bytes != (end + bytes - 1) / program_.chunk_bytes) {
      end = round_up(end, program_.chunk_bytes);
    }
    program_.placements.push_back({arena, end, bytes});
    program_.value_names.push_back(std::to_string(program_.placements.size() - 1));
    end += round_up(bytes, plan::kPlacementAlignment);
    const ValueId id(static_cast<uint32_t>(program_.placements.size() - 1));
    if (arena == plan::Arena::input || arena == plan::Arena::step) program_.inputs.push_back(id);
    if (arena == plan::Arena::metric) program_.outputs.push_back(id);
    return id;
  }

  // y[0 .. count) = word; `width` is the workgroup width, so that different widths are different pipelines.
  void fill(ValueId y, uint32_t count, uint32_t word, uint32_t width = 64) {
    name_node("fill");
    list_.add(kernels::fill_forward_naive{.y = y, .spec = {width}}, shaders::FillParams{0, count, word},
              groups_for(count, width));
  }
  void copy(ValueId x, ValueId y, uint32_t count, uint32_t width = 64) {
    name_node("copy");
    list_.add(kernels::copy_forward_naive{.x = x, .y = y, .spec = {width}}, shaders::CopyParams{0, 0, count},
              groups_for(count, width));
  }
  // Before the next dispatch.
  void barrier() { program_.barriers.push_back(static_cast<uint32_t>(list_.dispatches().size())); }

  plan::Program take() {
    program_.dispatches = list_.dispatches();
    return program_;
  }

 private:
  void name_node(std::string name) {
    name += std::to_string(list_.dispatches().size());
    list_.set_node_name(name);
  }

  plan::Program program_;
  DispatchList list_{1u << 20};
};

}  // namespace lowtide::test
