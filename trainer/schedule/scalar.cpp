// SPDX-License-Identifier: Apache-2.0
// The formulas of the header.
#include "trainer/schedule/scalar.hpp"

#include <cmath>

#include "engine/base/check.hpp"

namespace lowtide::trainer {
namespace {

double halved(const ScalarSchedule& schedule, uint64_t step) {
  LOWTIDE_CHECK(schedule.interval > 0, "halving needs an interval");
  const double value = schedule.from * std::exp2(-static_cast<double>(step / schedule.interval));
  return value <= schedule.vanish_below ? schedule.to : value;
}

}  // namespace

double scalar_at(const ScalarSchedule& schedule, uint64_t step) {
  constexpr double kPi = 3.141592653589793;
  if (schedule.kind == ScalarKind::constant) return schedule.from;
  if (schedule.kind == ScalarKind::halving) return halved(schedule, step);
  if (step >= schedule.steps) return schedule.to;  // exactly, whatever rounding the formulas have
  const double p = static_cast<double>(step) / static_cast<double>(schedule.steps);
  const double from = schedule.from;
  const double to = schedule.to;
  if (schedule.kind == ScalarKind::linear) return from + (to - from) * p;
  if (schedule.kind == ScalarKind::half_cosine) return to + (from - to) * 0.5 * (1.0 + std::cos(kPi * p));
  LOWTIDE_CHECK(from > 0 && to > 0, "a geometric schedule runs between numbers above 0");
  return from * std::pow(to / from, p);
}

}  // namespace lowtide::trainer
