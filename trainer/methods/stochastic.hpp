// SPDX-License-Identifier: Apache-2.0
// Stochastic precision: in each step some blocks of the network, drawn at random, run quantised and the others in full
// precision; one run in place of several stages.
//
// Zhuang, Tan, Liu, Liu, Reid, Shen 2021, "Effective Training of Convolutional Neural Networks with Low-bitwidth
// Weights and Activations" (TPAMI, arXiv 1908.04680), section 3.3. Only the abstract could be read and no code of it
// was published; the unit that is drawn, its probabilities and their schedule are unknown. What follows is our
// formulation:
//   r_b ~ Bernoulli(p) for each residual block b, or each layer outside blocks, anew in each step
//   r_b = 1: the block's weights and activations are quantised
//   r_b = 0: activations are clipped to [0, 1], weights mapped to [-1, 1], both without rounding
//   p rises linearly from `start` to 1 over `fraction` of the schedule, and stays there
// - A block is what the layer's name says before its last dot: "stage1.2" of "stage1.2.conv1".
// - The draw is a function of (seed, step, name of the block), made on the device.
// - Gradients are the quantiser's own, straight-through, whichever was drawn: both maps differ in the rounding alone.
// - Evaluation is always quantised. At p = 1 a training step is the plain quantised step, bit for bit.
// - Quantisers other than dorefa are refused: their range without rounding is another method's matter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// p at step `step` of the phase; 1 where the method is off.
double quantized_share_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step);

// The block of a layer.
std::string_view block_of(std::string_view layer);

// Sentences about keys that contradict each other; `where` names the phase.
void check_stochastic(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
