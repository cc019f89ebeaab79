// SPDX-License-Identifier: Apache-2.0
// [expansion]: the keys of EXP-Net. What they do is in exp_net.hpp.
#pragma once

#include <cstdint>

namespace lowtide::trainer {

enum class ExpansionMerge { none, add, subtract, concatenate };
enum class ExpansionSchedule { half_cosine, halving, linear };

struct ExpansionOptions {
  ExpansionMerge merge = ExpansionMerge::none;  // none: the method is off
  ExpansionSchedule schedule = ExpansionSchedule::half_cosine;
  double fraction = 0.8;  // of the phase's epochs, after which the factor is 0
  uint32_t epochs = 0;    // the same as a number of epochs; 0: from the fraction

  friend bool operator==(const ExpansionOptions&, const ExpansionOptions&) = default;
};

}  // namespace lowtide::trainer
