// SPDX-License-Identifier: Apache-2.0
// Runs a case's graph on the test device: poisoned memory, guard bands around every value that is read back.
#pragma once

#include <map>
#include <vector>

#include "engine/graph/op_info.hpp"
#include "engine/runtime/context.hpp"
#include "engine/runtime/executor.hpp"
#include "tests/harness/case_graph.hpp"

namespace lowtide::harness {

// The one device of the test program, opened on first use; aborts with the reason when there is none.
runtime::Context& test_context();

struct DeviceRun {
  std::map<uint32_t, std::vector<double>> elements;  // by ValueId.index: outputs, input gradients, losses
  bool guards_are_intact = true;                     // no kernel wrote beside a value that is read back
  bool has_counters = false;                         // workgroups count their arrival (plan::Arena::counter)
  bool counters_are_zero = true;                     // at the end
  uint32_t other_bits = 0;                           // of the repetitions: how many gave other bits than the first run
};

// `target`: what to lower for; the test device must be able to run it. `repetitions`: of the same step behind the first
// one, where the program has counters.
Result<DeviceRun> run_on_device(const DifferentiatedCase& built, const graph::LowerTarget& target,
                                runtime::KernelForm form, uint32_t repetitions = 0);

}  // namespace lowtide::harness
