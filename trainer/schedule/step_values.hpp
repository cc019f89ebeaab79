// SPDX-License-Identifier: Apache-2.0
// Every number of the step block that a recipe schedules, as a pure function of the step: a run that resumes at a step
// needs no state of it.
#pragma once

#include <cstdint>

#include "trainer/recipe.hpp"
#include "trainer/schedule/learning_rate.hpp"

namespace lowtide::trainer {

struct StepValues {
  double rate = 0;             // the learning rate
  double second_rate = 0;      // of a teacher that is trained too
  double blend = 1;            // alpha of AQE
  double expansion = 0;        // f of EXP-Net
  double quantized_share = 1;  // p of stochastic precision
};

// The length of the phase's schedule, and where step `step` of the phase (from 0) lies in it.
StepCount schedule_length(const Phase& phase, uint64_t steps_per_epoch);
uint64_t schedule_step(const Phase& phase, uint64_t steps_per_epoch, uint64_t step);

StepValues step_values(const Phase& phase, uint64_t steps_per_epoch, uint64_t step);

}  // namespace lowtide::trainer
