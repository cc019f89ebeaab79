// SPDX-License-Identifier: Apache-2.0
// DeepShift: "DeepShift: Towards Multiplication-Less Neural Networks", Elhoushi, Chen, Shafiq, Tian and Li (CVPR
// Workshops 2021). Weights of 2 to 5 bits, sign included, that are powers of two from 2^-range to 1.
//   weight_quantizer = "deepshift_q"   w = sign(u) 2^(round(log2 |u|)) of the latent u = "<layer>.weight", the exponent
//     clamped to [-range, 0], range = 2^(bits - 1) - 1; identity straight through.
//   weight_quantizer = "deepshift_ps"  w = sign(round(s)) 2^(round(p)) of the latents p, s = "<layer>.latents", p
//   clamped
//     to [-range, 0], range = 2^(bits - 1) - 2; dL/ds = dL/dw, without the factor 2^p, and
//     dL/dp = dL/dw w ln 2. Rounding is half to even, so that s is 0 for |s| <= 1/2.
//   L = L_task + penalty / 2 sum (2^p)^2 takes the place of weight decay, which PS latents never have; the logged loss
//   is
//     L_task.
//   start      Q: as ordinary weights. PS: p uniform in (-10, -1), clamped to the range (linear layers: uniform in the
//              range), s uniform in (-1, 1).
//   optimizer  the authors train PS with RAdam.
//
// Choices where the source is silent, or where we differ:
// - log2 and its rounding are read from the float's bits (engine/quant/shift_weights.hpp), so no device decides a tie.
// - sign(0) = +1: a Q weight is never 0. There a latent that is exactly 0 would be.
// - The authors clamp latents in place before each forward pass. Here a Q latent is clipped to [-1, 1] by each update,
//   the same; but a magnitude below 2^-range stays, so that a latent can cross zero in small steps. A PS shift latent
//   gets no gradient that leads out of its range.
// - Activations are full precision or the recipe's quantiser, not 16 + 16 bits fixed point.
// - 5 bits have levels up to 2^15, whose products with quantised activations could sum up beyond 2^24, where f32 is no
//   longer exact: refused.
// - Q of 4 bits with quantised activations runs unpacked when exported: its 16 levels are more than a shift code of 4
//   bits holds. Q of 2 and 3 bits is packed in 3 and 4.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// Sentences about keys that contradict each other; `where` names the phase.
void check_deepshift(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
