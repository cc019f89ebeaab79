// SPDX-License-Identifier: Apache-2.0
// Quantisers that learn their step by gradient, and how their steps start.
//   lsq   Esser, McKinstry, Bablani, Appuswamy and Modha 2020, "Learned Step Size Quantization" (ICLR):
//         level = round(clip(v / s, -QN, QP)), real = level s (equations 1 and 2); QN = 0, QP = 2^b - 1 for
//         activations, QN = 2^(b-1), QP = 2^(b-1) - 1 for weights. Gradients: equations 3 and 5
//         (engine/ops/quantize_step). The gradient of s is multiplied by 1 / sqrt(N QP), N the weights or features of
//         the layer (section 2.2); s starts at 2 mean |v| / sqrt(QP) (section 2.1).
//   pact  Choi et al. 2018, "PACT: Parameterized Clipping Activation for Quantized Neural Networks": activations, the
//         clip bound alpha is learned (equations 1 to 3), step = alpha / (2^b - 1), with an L2 penalty on alpha.
//   uniq  One rule for all depths, so that going from b to b - 1 bits is a small change (the code of "UniQ",
//         github.com/phuocphn/uniq, quantizer/uniq.py): weights without a zero level, real = s (q - (2^b - 1) / 2), one
//         bit is +-s/2; activations as lsq. Gradient of s times 1 / sqrt(N Q), N all elements of the tensor, batch
//         included, Q = max(2^(b-1) - 1, 1) for weights, 2^b - 1 for activations. s starts at k_b times the standard
//         deviation of the weights, or k_b sqrt(2 mean x^2) of activations, the deviation before the ReLU.
//
// Parameters: "<layer>.w_step", "<layer>.x_step" of the kind "step", which weight decay leaves alone by default and no
// phase hands over: their meaning changes with the bits, so each phase calibrates them. PACT's "<layer>.x_clip" of the
// kind "clip" is decayed like a weight unless optimizer.weight_decay_exclude names "clip", and is handed over where
// there is one, since a bound on real numbers means the same at all bits.
//
// Choices where the sources are silent, ours:
// - A parameter that falls below 2^-20 is used as 2^-20 (ops::kMinStep).
// - LSQ with one bit: weights are signs, QP counts as 1 in the formulas; activations are 0 and s.
// - N of LSQ's activations is the features of one image: the gradient scale does not change with the batch.
// - "The first batch of activations" from which steps start: of a network whose weights are quantised already and whose
//   learned activation quantisers are still the activation that they include, in training mode (batch statistics), over
//   the first quantization.calibration_batches training batches of the phase. All layers start from the same pass.
// - alpha of PACT starts at quantization.clip_start.
// - Batch norm where a hand-over changes the convention of activations: training.reestimate_norm_batches forward passes
//   in training mode, without dropout, replace the running statistics by the average over those batches.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// Whether the quantiser has a step (or bound) that is a parameter.
bool has_learned_step(WeightQuantizer quantizer);
bool has_learned_step(ActivationQuantizer quantizer);

// Whether any layer's activations do.
bool learns_range(const QuantizationOptions& options);

enum class StepQuantizer { lsq, pact, uniq };

// What a parameter is the step of, and so how it starts.
struct StepRecord {
  StepQuantizer quantizer = StepQuantizer::lsq;
  uint32_t bits = 1;
  std::string latent = {};  // weights: the parameter that is quantised; empty: activations
};

// QP of LSQ, Q of uniq, at least 1.
double largest_code(bool is_weight, uint32_t bits);

// The start of a weight's step from its latents.
double weight_step_start(const StepRecord& record, std::span<const float> latents);

// The start of an activation's step from what calibration measured behind the ReLU: mean x of lsq, mean x^2 of uniq.
double activation_step_start(const StepRecord& record, double magnitude);

// Sentences where a phase that continues another gives its learned steps, of any layer or student, another meaning.
void check_continued_steps(const std::string& where, const Phase& before, const Phase& phase,
                           std::vector<std::string>& out);

}  // namespace lowtide::trainer
