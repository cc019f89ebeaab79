// SPDX-License-Identifier: Apache-2.0
// EXP-Net: "Progressive Learning of Low-Precision Networks", Zhou, Zhou, Lv, Huang, Wang and Li (arXiv 1905.11781; IEEE
// Transactions on Multimedia 23, 2021). Beside each quantised convolution stands an ancillary one in full precision
// with a batch norm of its own; a factor f that decays to 0 weighs its output, and the network that is left is the
// plain low-bit one:
//   u = norm1(conv(x, Q(w)))    v = norm2(conv(x, w_fp))    out = merge(act(u), f v)
// act is the quantised activation, out is not quantised again. Both convolutions read the same merged x.
//   add          act(u) + f v
//   subtract     act(u) - f v, the same but for the sign of norm2's affine part
//   concatenate  [act(u), f v]: the next layer has weights for both halves while it trains
//   f            half_cosine (1 + cos(pi s / S)) / 2;  linear 1 - s / S;  halving 0.5^floor(s / i), and 0 once that is
//                at or below 0.001, which i makes step S. s is the step of the phase, S the steps of `epochs`, or of
//                the fraction rounded to whole epochs.
// The authors' figure shows a half cosine over 80 of 100 epochs; their scripts use 25 % and, halving, 40 %.
//
// Choices where the source is silent, ours:
// - A phase with an expansion is split when the recipe is read: from the epoch at which f is 0 the rest continues under
//   the same schedule and moments without the branch, so its cost ends and training sees what is exported.
// - Of the halves that `concatenate` joins, each has its own quantised weights ("<layer>.expanded.weight" for f v), so
//   that statistics of a weight tensor never mix what stays with what is cut off.
// - In a residual block the branch of the last convolution is merged behind the block's activation, where a shortcut's
//   branch joins it by addition. `concatenate` does not exist there: shortcuts could not be added.
// - The authors' SVHN network takes the magnitude |x| instead of a clipped x (network.activation = "magnitude"). Behind
// a
//   batch norm that is slow to learn, so it is not the default: LeNet-5 on glyphs, four epochs, 2-bit weights, gives
//   5 % with 2-bit activations against 90 % with its own activation, and 87 % with weights and activations in f32.
// - First and last layers and linear layers are not expanded, as in the authors' scripts; convolutions in full
//   precision neither.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// Splits each phase whose expansion ends before it does. Idempotent.
void split_expansions(std::vector<Phase>& phases);

// f at step `step` of the phase, 0 where the method is off.
double expansion_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step);

// Sentences about keys that contradict each other; `where` names the phase.
void check_expansion(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
