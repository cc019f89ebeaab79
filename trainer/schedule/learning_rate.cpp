// SPDX-License-Identifier: Apache-2.0
// The formulas of the header.
#include "trainer/schedule/learning_rate.hpp"

#include <algorithm>
#include <cmath>

#include "engine/base/check.hpp"
#include "trainer/schedule/scalar.hpp"

namespace lowtide::trainer {
namespace {

uint64_t to_steps(double epochs, const StepCount& count) {
  return static_cast<uint64_t>(std::llround(epochs * static_cast<double>(count.steps_per_epoch)));
}

double after_milestones(const ScheduleOptions& schedule, const StepCount& count, uint64_t step) {
  double rate = schedule.rate;
  for (const uint32_t milestone : schedule.milestones) {
    if (step >= milestone * count.steps_per_epoch) rate *= schedule.gamma;
  }
  return rate;
}

double exponential(const ScheduleOptions& schedule, const StepCount& count, uint64_t step) {
  const double interval = schedule.interval_epochs * static_cast<double>(count.steps_per_epoch);
  const double drops = std::floor(static_cast<double>(step) / interval);
  return std::max(schedule.final_rate, schedule.rate * std::pow(schedule.gamma, drops));
}

}  // namespace

double learning_rate(const ScheduleOptions& schedule, const StepCount& count, uint64_t step) {
  LOWTIDE_CHECK(count.total() > 0, "a schedule has steps");
  const uint64_t last = count.total() - 1;
  const uint64_t warmup = std::min(to_steps(schedule.warmup_epochs, count), count.total());
  step = std::min(step, last);

  const bool is_warming_up = step < warmup;
  ScalarSchedule fall = {.from = schedule.rate, .to = schedule.final_rate, .steps = last - std::min(warmup, last)};
  double rate = schedule.rate;
  switch (schedule.name) {
    case ScheduleKind::constant:
      break;
    case ScheduleKind::step:
      rate = after_milestones(schedule, count, step);
      break;
    case ScheduleKind::cosine:
    case ScheduleKind::linear:
      fall.kind = schedule.name == ScheduleKind::cosine ? ScalarKind::half_cosine : ScalarKind::linear;
      if (!is_warming_up) rate = scalar_at(fall, step - warmup);
      break;
    case ScheduleKind::exponential:
      rate = exponential(schedule, count, step);
      break;
  }
  if (is_warming_up) rate *= static_cast<double>(step + 1) / static_cast<double>(warmup);
  return rate;
}

}  // namespace lowtide::trainer
