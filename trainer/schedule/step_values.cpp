// SPDX-License-Identifier: Apache-2.0
// One line for each scheduled number.
#include "trainer/schedule/step_values.hpp"

#include "trainer/methods/aqe.hpp"
#include "trainer/methods/exp_net.hpp"
#include "trainer/methods/guided.hpp"
#include "trainer/methods/stochastic.hpp"

namespace lowtide::trainer {

StepCount schedule_length(const Phase& phase, uint64_t steps_per_epoch) {
  return {.steps_per_epoch = steps_per_epoch, .epochs = schedule_epochs(phase)};
}

uint64_t schedule_step(const Phase& phase, uint64_t steps_per_epoch, uint64_t step) {
  return phase.schedule.first_epoch * steps_per_epoch + step;
}

StepValues step_values(const Phase& phase, uint64_t steps_per_epoch, uint64_t step) {
  const StepCount length = schedule_length(phase, steps_per_epoch);
  const uint64_t at = schedule_step(phase, steps_per_epoch, step);
  StepValues values;
  values.rate = learning_rate(phase.schedule, length, at);
  values.blend = blend_at(phase, steps_per_epoch, at);
  values.quantized_share = quantized_share_at(phase, steps_per_epoch, step);
  values.expansion = expansion_at(phase, steps_per_epoch, step);
  if (has_trained_teacher(phase)) values.second_rate = learning_rate(teacher_schedule(phase), length, at);
  return values;
}

}  // namespace lowtide::trainer
