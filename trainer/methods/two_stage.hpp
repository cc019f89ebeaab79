// SPDX-License-Identifier: Apache-2.0
// Two-stage optimisation: weights are quantised first and activations after them, not both at once.
//
// Zhuang, Shen, Tan, Liu, Reid 2018, "Towards Effective Low-bitwidth Convolutional Neural Networks" (CVPR), section
// 3.2. Both stages keep and train the latent full-precision weights; the second starts from what the first left.
//   stage 1   w_q = Q(w),  a = clip(x, 0, 1) or the network's own activation
//   stage 2   w_q = Q(w),  a_q = Q(clip(x, 0, 1))
// Where sources are silent or differ:
// - What activations are in stage 1 is not said in what we could read. The authors' published layers clip to [0, 1]
//   without rounding where quantisation is off; another implementation takes the plain ReLU. Both are here,
//   stage1_activation = "clip" (default) and "plain".
// - In sign networks "clip" is to [-1, 1], the hard tanh, the range of the sign's gradient window (ours).
// - Quantisers that learn their range (lsq, pact, uniq) have none before stage 2 calibrates it: there stage 1 is
// "plain"
//   by default, and "clip" is refused (ours).
// - The opposite order, activations before weights, is the usual control: order = "activations_first". Its stage 1 has
//   the latents themselves as weights.
// - Batch norm's running statistics are handed over; the optimiser starts afresh in each stage (ours).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

enum class StageOrder { weights_first, activations_first };
enum class StageActivation { clip, plain };

// [two_stage]
struct TwoStageOptions {
  StageOrder order = StageOrder::weights_first;
  std::optional<StageActivation> stage1_activation = {};  // of weights_first; absent: as above
  std::optional<uint32_t> first_epochs = {};              // of stage 1; absent: those of stage 2, training.epochs
  std::optional<double> first_rate = {};                  // the base rate of stage 1; absent: schedule.rate
  std::string initialize_from = "fresh";                  // of stage 1: "fresh" or the path of a checkpoint
};

void check_two_stage(const Phase& target, const TwoStageOptions& options, std::vector<std::string>& out);

// Stage 1, stage 2, which is the target.
std::vector<Phase> two_stage_phases(const Phase& target, const TwoStageOptions& options);

}  // namespace lowtide::trainer
