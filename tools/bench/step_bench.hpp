// SPDX-License-Identifier: Apache-2.0
// Times whole training steps (forward, backward, gradient norm, optimiser, the copies of a batch) of several phases on
// one device, on random images. The phases take turns, one step each, so that whatever else happens on the machine
// happens to all of them and their ratio is worth more than their times.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::bench {

struct StepBench {
  std::string name;
  trainer::Phase phase;
};

struct StepTiming {
  std::string name;
  double seconds = 0;  // median
  double best_seconds = 0;
  double best_processor_seconds = 0;  // of all threads of the process together; of use where the device is software
  double host_seconds = 0;    // median of the submitting thread's processor time outside the driver: batch, step block,
                              // metrics
  double driver_seconds = 0;  // likewise inside the driver: submission and wait
  double spread = 0;          // (90th percentile - 10th percentile) / median
  uint32_t repeats = 0;
  size_t dispatches = 0;
  uint64_t activation_bytes = 0;
  std::string profile;  // a table by dispatch; empty unless asked for
};

struct StepBenchOptions {
  double seconds = 10;   // altogether
  bool profile = false;  // times every dispatch, with a barrier after each: for the table, not for the ratio
  bool naive_only = false;
};

// The same network, loss and optimiser with every tensor in full precision.
trainer::Phase full_precision(trainer::Phase phase);

Result<std::vector<StepTiming>> time_steps(runtime::Context& context, std::span<const StepBench> benches,
                                           const trainer::NetInput& input, const StepBenchOptions& options);

}  // namespace lowtide::bench
