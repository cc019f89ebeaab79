// SPDX-License-Identifier: Apache-2.0
// A number that changes while training, as a pure function of a step: the blend factor alpha of AQE, the expansion
// factor f of EXP-Net, and whatever a method needs. What counts as a step (iteration or epoch) is the caller's choice.
//   constant     from
//   linear       from + (to - from) p,               p = min(step / steps, 1)
//   geometric    from (to / from)^p                  from and to above 0
//   half_cosine  to + (from - to) (1 + cos(pi p)) / 2
//   halving      from / 2^floor(step / interval), and `to` once that is at or below `vanish_below`
#pragma once

#include <cstdint>

namespace lowtide::trainer {

enum class ScalarKind { constant, linear, geometric, half_cosine, halving };

struct ScalarSchedule {
  ScalarKind kind = ScalarKind::constant;
  double from = 1;
  double to = 0;
  uint64_t steps = 1;       // `to` is reached exactly at this step and kept; 0: at once
  uint64_t interval = 1;    // halving; above 0
  double vanish_below = 0;  // halving
};

double scalar_at(const ScalarSchedule& schedule, uint64_t step);

}  // namespace lowtide::trainer
