// SPDX-License-Identifier: Apache-2.0
// AQE, the asymptotic-quantized estimator, and MINW-Net: "Propagating Asymptotic-Estimated Gradients for Low Bitwidth
// Quantized Neural Networks", Chen, Liu, Zhang, Hou and Yang (IEEE Journal of Selected Topics in Signal Processing
// 2020, DOI 10.1109/JSTSP.2020.2966327; below A). Weights and activations x train as a blend of themselves and of their
// quantised values h(x) (A, equations 6 and 18 to 20), and evaluation is always with h:
//   x^ = alpha h(x) + (1 - alpha) x,   with one alpha for the whole network
// h has 1 bit: sign; 2 bits: 0 if |x| <= t, else the sign; 3 bits: 0, +-1/4, +-1/2, +-1; n bits: 0 and +-2^-p (A,
// equations 4, 21 and 22), without any scale. The ops are quantize_sign, quantize_threshold and estimate. Latent
// weights are clipped to [-1, 1] after each update (A, algorithm 1): optimizer.latent_clip = 1.
//
// Where the sources disagree, each variant is a word:
// - The gradient is 2 alpha g I in A's equations 13, 18 and 19 (aqe_g1), g I in its algorithm 1 (aqe_g2), and
//   (1 - alpha) g in the code of the sibling paper, "A Learning Framework for n-Bit Quantized Neural Networks Toward
//   FPGAs", Chen, Liu et al. (IEEE Transactions on Neural Networks and Learning Systems 2020; below B) (aqe_g3). I is 1
//   where |x| <= 1. aqe_g1 doubles gradients in each layer as alpha nears 1, which Adam does not see and SGD does:
//   prefer aqe_g2 there. aqe_g3 vanishes at the end, which freezes the network.
// - alpha(e), once an epoch, e = 1 .. E, E the epochs of the schedule: A prints none, but the histograms of its
//   figures 1 to 4 lie on a line within their bins; B's code multiplies by a constant. So
//     linear     from + (to - from) (e - 1) / (E - 1)     with E = 1: to
//     geometric  from (to / from)^(e / E)
//     constant   from
//   from 1/2, where aqe_g1 is the straight-through estimator, to 1, where x^ = h(x).
//
// Choices where the sources are silent, ours:
// - Thresholds. A prints no number. 3 bits: those of B's code, (0.02, 0.07, 0.14) times the tensor's largest
//   magnitude. 2 bits: 0.05 of it, which fits the bars of A's figures 3 and 4. 4 bits: B's upper two, halved from there
//   on as the levels are. The rule "fixed" leaves the factor out; "twn" is Li et al. 2016 (Ternary Weight Networks), to
//   which A refers, 0.7 mean |w|.
// - B takes the maximum anew at each pass, of activations too, so that what an image gives would depend on its batch.
//   Here weights do so, and activations keep the largest magnitude of all training steps, which is then a constant.
// - A threshold is reached by a magnitude that equals it, as in B's equation 4, but for 2 bits, as in A's equation 21.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// The rules that blend: the three of AQE.
bool has_blend(Estimator estimator);
// Whether one of them stands anywhere.
bool any_blends(const QuantizationOptions& q);

// alpha at step `step` of the phase's schedule; 1 where no estimator blends.
double blend_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step);

// Sentences about thresholds, estimators and blends that contradict each other; `where` names the phase.
void check_aqe(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
