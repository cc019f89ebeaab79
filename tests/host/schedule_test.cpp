// SPDX-License-Identifier: Apache-2.0
// Schedules at their ends, at their corners and between.
#include <gtest/gtest.h>

#include <cmath>

#include "trainer/schedule/learning_rate.hpp"
#include "trainer/schedule/scalar.hpp"

namespace lowtide::trainer {
namespace {

constexpr StepCount kCount = {.steps_per_epoch = 10, .epochs = 8};  // steps 0..79

ScheduleOptions options(ScheduleKind kind) {
  ScheduleOptions schedule;
  schedule.name = kind;
  schedule.rate = 0.5;
  schedule.final_rate = 0.1;
  schedule.milestones = {2, 5};
  schedule.gamma = 0.25;
  schedule.interval_epochs = 1.5;
  return schedule;
}

TEST(Schedule, Constant) {
  for (const uint64_t step : {0u, 40u, 79u, 500u}) {
    EXPECT_EQ(learning_rate(options(ScheduleKind::constant), kCount, step), 0.5);
  }
}

TEST(Schedule, StepDropsAtTheFirstStepOfAMilestone) {
  const auto rate = [](uint64_t step) { return learning_rate(options(ScheduleKind::step), kCount, step); };
  EXPECT_EQ(rate(0), 0.5);
  EXPECT_EQ(rate(19), 0.5);
  EXPECT_EQ(rate(20), 0.125);
  EXPECT_EQ(rate(49), 0.125);
  EXPECT_EQ(rate(50), 0.03125);
  EXPECT_EQ(rate(79), 0.03125);
}

TEST(Schedule, CosineAndLinearEndAtTheFinalRate) {
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::linear}) {
    const auto rate = [&](uint64_t step) { return learning_rate(options(kind), kCount, step); };
    EXPECT_DOUBLE_EQ(rate(0), 0.5);
    EXPECT_EQ(rate(79), 0.1);
    EXPECT_EQ(rate(80), 0.1);
    EXPECT_NEAR(rate(39) + rate(40), 0.6, 1e-12);  // both are symmetric about their middle
    for (uint64_t step = 1; step < 80; ++step) EXPECT_LT(rate(step), rate(step - 1));
  }
  EXPECT_NEAR(learning_rate(options(ScheduleKind::linear), kCount, 20), 0.5 - 0.4 * 20 / 79, 1e-12);
  EXPECT_NEAR(learning_rate(options(ScheduleKind::cosine), kCount, 20),
              0.1 + 0.2 * (1 + std::cos(3.141592653589793 * 20 / 79)), 1e-12);
}

TEST(Schedule, ExponentialIsAStaircaseWithAFloor) {
  const auto rate = [](uint64_t step) { return learning_rate(options(ScheduleKind::exponential), kCount, step); };
  EXPECT_EQ(rate(0), 0.5);
  EXPECT_EQ(rate(14), 0.5);
  EXPECT_EQ(rate(15), 0.125);
  EXPECT_EQ(rate(29), 0.125);
  EXPECT_EQ(rate(30), 0.1);
  EXPECT_EQ(rate(79), 0.1);
}

TEST(Schedule, WarmupRisesToTheSchedule) {
  for (const ScheduleKind kind : {ScheduleKind::constant, ScheduleKind::step, ScheduleKind::cosine,
                                  ScheduleKind::linear, ScheduleKind::exponential}) {
    ScheduleOptions schedule = options(kind);
    schedule.warmup_epochs = 1;
    const auto rate = [&](uint64_t step) { return learning_rate(schedule, kCount, step); };
    EXPECT_DOUBLE_EQ(rate(0), 0.05);
    EXPECT_DOUBLE_EQ(rate(4), 0.25);
    EXPECT_DOUBLE_EQ(rate(9), 0.5);
    EXPECT_DOUBLE_EQ(rate(10), 0.5);
    EXPECT_DOUBLE_EQ(rate(79), learning_rate(options(kind), kCount, 79));
  }
}

TEST(Schedule, WarmupMayTakeTheWholeRunOrPartOfAnEpoch) {
  ScheduleOptions schedule = options(ScheduleKind::cosine);
  schedule.warmup_epochs = 8;
  EXPECT_DOUBLE_EQ(learning_rate(schedule, kCount, 39), 0.25);
  EXPECT_TRUE(std::isfinite(learning_rate(schedule, kCount, 79)));
  schedule.warmup_epochs = 0.2;
  EXPECT_DOUBLE_EQ(learning_rate(schedule, kCount, 0), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, kCount, 1), 0.5);
}

TEST(Schedule, ARunOfOneStepIsFinite) {
  for (const ScheduleKind kind : {ScheduleKind::constant, ScheduleKind::cosine, ScheduleKind::linear}) {
    EXPECT_TRUE(std::isfinite(learning_rate(options(kind), {1, 1}, 0)));
  }
}

TEST(ScalarSchedule, EndsAreExact) {
  for (const ScalarKind kind : {ScalarKind::linear, ScalarKind::geometric, ScalarKind::half_cosine}) {
    const ScalarSchedule schedule = {.kind = kind, .from = 0.7, .to = 0.3, .steps = 9};
    EXPECT_DOUBLE_EQ(scalar_at(schedule, 0), 0.7);
    EXPECT_EQ(scalar_at(schedule, 9), 0.3);
    EXPECT_EQ(scalar_at(schedule, 1000), 0.3);
    for (uint64_t step = 1; step <= 9; ++step) EXPECT_LT(scalar_at(schedule, step), scalar_at(schedule, step - 1));
    EXPECT_EQ(scalar_at({.kind = kind, .from = 0.7, .to = 0.3, .steps = 0}, 0), 0.3);
  }
  EXPECT_EQ(scalar_at({.from = 0.7, .to = 0.3}, 55), 0.7);
}

TEST(ScalarSchedule, MiddlesFollowTheirFormulas) {
  EXPECT_DOUBLE_EQ(scalar_at({.kind = ScalarKind::linear, .from = 0, .to = 1, .steps = 4}, 1), 0.25);
  EXPECT_DOUBLE_EQ(scalar_at({.kind = ScalarKind::geometric, .from = 0.5, .to = 1, .steps = 2}, 1), std::sqrt(0.5));
  EXPECT_NEAR(scalar_at({.kind = ScalarKind::half_cosine, .from = 1, .to = 0, .steps = 4}, 1), 0.8535533905932737,
              1e-15);
}

TEST(ScalarSchedule, HalvingVanishes) {
  const ScalarSchedule schedule = {.kind = ScalarKind::halving, .from = 1, .interval = 5, .vanish_below = 0.001};
  EXPECT_EQ(scalar_at(schedule, 0), 1.0);
  EXPECT_EQ(scalar_at(schedule, 4), 1.0);
  EXPECT_EQ(scalar_at(schedule, 5), 0.5);
  EXPECT_EQ(scalar_at(schedule, 49), 1.0 / 512);
  EXPECT_EQ(scalar_at(schedule, 50), 0.0);  // 1/1024 is at most 0.001
  EXPECT_EQ(scalar_at(schedule, 1000000), 0.0);
}

}  // namespace
}  // namespace lowtide::trainer
