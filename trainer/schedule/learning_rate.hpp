// SPDX-License-Identifier: Apache-2.0
// The learning rate as a pure function of the step, so that a run which resumes at a step needs no state of it.
//   T = epochs * steps_per_epoch steps in all, s = 0 .. T - 1, W = round(warmup_epochs * steps_per_epoch)
//   constant     rate
//   step         rate * gamma^(milestones m with s >= m * steps_per_epoch)
//   cosine       final + (rate - final) (1 + cos(pi p)) / 2,  p = (s - W) / (T - 1 - W)  (Loshchilov and Hutter 2017)
//   linear       rate + (final - rate) p
//   exponential  max(final, rate * gamma^floor(s / (interval_epochs * steps_per_epoch)))
// In the first W steps p is 0 and the value is multiplied by (s + 1) / W.
#pragma once

#include <cstdint>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct StepCount {
  uint64_t steps_per_epoch = 1;
  uint64_t epochs = 1;

  constexpr uint64_t total() const { return steps_per_epoch * epochs; }
};

// The rate of step `step`; steps at or behind the end have the rate of the last one.
double learning_rate(const ScheduleOptions& schedule, const StepCount& count, uint64_t step);

}  // namespace lowtide::trainer
