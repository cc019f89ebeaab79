// SPDX-License-Identifier: Apache-2.0
// The metadata entries of a checkpoint: one list for writer and reader.
#pragma once

#include "trainer/checkpoint/checkpoint.hpp"

namespace lowtide::trainer::checkpoint_keys {

inline constexpr const char* kKind = "lowtide.kind";
inline constexpr const char* kKindValue = "checkpoint";
inline constexpr const char* kVersion = "lowtide.version";
inline constexpr const char* kVersionValue = "1";
inline constexpr const char* kNetwork = "network";
inline constexpr const char* kRecipe = "recipe";
inline constexpr const char* kTeacher = "teacher.recipe";  // only where there is one

// visit(key, uint64_t& or double&) for each number.
template <class Visit>
void for_each_number(RunState& state, Visit&& visit) {
  visit("seed", state.seed);
  visit("position.phase", state.position.phase);
  visit("position.epoch", state.position.epoch);
  visit("position.batch", state.position.batch);
  visit("position.step", state.position.step);
  visit("sums.loss", state.sums.loss);
  visit("sums.correct", state.sums.correct);
  visit("sums.images", state.sums.images);
  visit("sums.steps", state.sums.steps);
  visit("sums.match", state.sums.match);
  visit("sums.teacher_correct", state.sums.teacher_correct);
  visit("rate_factor", state.rate_factor);
  visit("best.accuracy", state.best_accuracy);
  visit("best.epoch", state.best_epoch);
}

}  // namespace lowtide::trainer::checkpoint_keys
