// SPDX-License-Identifier: Apache-2.0
// The keys of AQE: thresholds and estimators of [quantization], and [blend]. What they do is in aqe.hpp.
#pragma once

#include <vector>

namespace lowtide::trainer {

// What multiplies the thresholds of a tensor.
enum class ThresholdRule {
  max_relative,  // the largest magnitude: of weights at each step, of activations the largest that training has seen
  fixed,         // 1
  twn            // ternary weights: the mean magnitude times 0.7 is the threshold (Li et al. 2016)
};

// How a gradient passes a quantiser. Formulas: engine/ops/estimate/estimate.hpp.
enum class Estimator {
  own,  // the quantiser's own straight-through rule
  aqe_g1,
  aqe_g2,
  aqe_g3,
  bireal,
  ewgs
};

// Thresholds rise, as fractions of what the rule multiplies them with.
struct ThresholdOptions {
  ThresholdRule weight_rule = ThresholdRule::max_relative;
  ThresholdRule activation_rule = ThresholdRule::max_relative;
  std::vector<double> two_bits = {0.05};
  std::vector<double> three_bits = {0.02, 0.07, 0.14};
  std::vector<double> four_bits = {0.0021875, 0.004375, 0.00875, 0.0175, 0.035, 0.07, 0.14};

  friend bool operator==(const ThresholdOptions&, const ThresholdOptions&) = default;
};

enum class BlendSchedule { linear, geometric, constant };

// [blend]
struct BlendOptions {
  BlendSchedule schedule = BlendSchedule::linear;
  double from = 0.5;  // constant: alpha itself
  double to = 1;      // of the last epoch

  friend bool operator==(const BlendOptions&, const BlendOptions&) = default;
};

}  // namespace lowtide::trainer
