// SPDX-License-Identifier: Apache-2.0
// The keys of [stochastic]; the method is in stochastic.hpp.
#pragma once

namespace lowtide::trainer {

// [stochastic]
struct StochasticOptions {
  bool is_on = false;     // "enabled"; a section that is present switches it on
  double start = 0.5;     // p in the first step
  double fraction = 0.5;  // p reaches 1 after this share of the schedule's epochs

  friend bool operator==(const StochasticOptions&, const StochasticOptions&) = default;
};

}  // namespace lowtide::trainer
