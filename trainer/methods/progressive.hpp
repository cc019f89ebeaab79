// SPDX-License-Identifier: Apache-2.0
// Progressive quantisation: the bits fall step by step while training, each step from the weights of the one before.
//
// Zhuang, Shen, Tan, Liu, Reid 2018, "Towards Effective Low-bitwidth Convolutional Neural Networks" (CVPR), section
// 3.3; bits 32 -> 16 -> 8 -> 4 -> 2 for weights and activations together. The first step, 32, is the full-precision
// network with its own activations; all others quantise both sides with the recipe's quantisers.
// Where sources are silent:
// - Epochs and rate of each step are not published: keys. Each step runs the recipe's [schedule] from its beginning.
// - Whether the steps are done in two stages each or only the last one is not certain: two_stage = "last" (default
//   where there is a [two_stage] section), "every" or "none". A step of 32 bits has no stages.
// - apply = "weights" or "activations" lowers one side and leaves the other at the recipe's bits (ours).
// - First and last layer are what first_layer and last_layer say in all steps but that of 32 bits (ours).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/methods/step_phases.hpp"
#include "trainer/methods/two_stage.hpp"

namespace lowtide::trainer {

enum class StagedSteps { last, every, none };

// [progressive]
struct ProgressiveOptions {
  std::vector<uint32_t> bits = {32, 16, 8, 4, 2};  // falling, to the bits of [quantization]
  Sides apply = Sides::both;
  std::vector<uint32_t> epochs = {};  // one number, or one an entry; none: training.epochs
  std::vector<double> rates = {};     // base rates, likewise; none: schedule.rate
  std::optional<StagedSteps> two_stage = {};
  std::string initialize_from = "fresh";  // of the first step: "fresh" or the path of a checkpoint
};

void check_progressive(const Phase& target, const ProgressiveOptions& options, bool has_two_stage,
                       std::vector<std::string>& out);

// One phase a step, two where a step has stages. `stages`: null where there is no [two_stage].
std::vector<Phase> progressive_phases(const Phase& target, const ProgressiveOptions& options,
                                      const TwoStageOptions* stages);

}  // namespace lowtide::trainer
