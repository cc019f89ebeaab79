// SPDX-License-Identifier: Apache-2.0
// Cyclic training with multiple quantisation steps: a chain of networks, each one bit lower than the one before and
// started from it, down to one bit; then back to the accurate network, and down again.
//
// Kim, Shin, Del Barrio 2022, "CTMQ: Cyclic Training of Convolutional Neural Networks with Multiple Quantization Steps"
// (arXiv 2206.12794). Only the abstract could be read: steps of one bit, each from the weights of the one before; the
// trained low-bit network's weights start "its accurate model", and the chain is gone through again; the start is a
// pretrained model. Everything below is our formulation of it:
//   S <- full precision (trained first, or a checkpoint)
//   for c = 1 .. cycles:
//     if c > 1: S <- train(accurate network, from S)
//     for b in bits: S <- train(b bits for weights and activations, from S)
//   the best of all evaluations of the last bits, over all cycles, is kept
// - head = "full_precision" (default): the accurate network is the full-precision one at the head of the chain.
//   head = "next_bit": it is the network one entry higher (full precision for the first); each entry goes round with
//   it, b, then b + 1 and b again for every further cycle, before the chain goes on downwards.
// - Latents, norms with their running statistics and biases move; optimiser moments, the place in the schedule and
//   quantiser steps do not.
// - Quantisers are the recipe's: one that knows all bits goes all the way; signs (XNOR) become DoReFa above one bit.
//   Where that changes what activations are, 100 forward batches re-estimate batch norm first, or as many as
//   training.reestimate_norm_batches says.
// - Weight decay is weight_decay_one_bit where weights have one bit: decay pulls latents to zero, where signs flip.
// - one_step = true is the control: full precision, then the last bits at once for as many epochs as the chain with its
//   cycles has together. The abstract does not say that the paper ran it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

enum class CycleHead { full_precision, next_bit };

// [cyclic]
struct CyclicOptions {
  std::vector<uint32_t> bits = {8, 7, 6, 5, 4, 3, 2, 1};  // falling, to the bits of [quantization]
  uint32_t cycles = 2;
  CycleHead head = CycleHead::full_precision;
  std::vector<uint32_t> epochs = {};  // of low-bit networks: one number, or one an entry; none: training.epochs
  std::vector<double> rates = {};     // their base rates, likewise; none: schedule.rate
  std::optional<uint32_t> accurate_epochs = {};  // of the accurate network; absent: training.epochs
  std::optional<double> accurate_rate = {};      // absent: schedule.rate
  std::string pretrained = {};                   // checkpoint to start from; empty: trained first
  std::optional<uint32_t> pretrain_epochs = {};  // absent: training.epochs; at schedule.rate
  double weight_decay_one_bit = 0;
  bool one_step = false;
};

void check_cyclic(const Phase& target, const CyclicOptions& options, std::vector<std::string>& out);

std::vector<Phase> cyclic_phases(const Phase& target, const CyclicOptions& options);

}  // namespace lowtide::trainer
