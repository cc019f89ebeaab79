// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation: training's batch norm and what follows it, in one pass over x [.., c], c a multiple of 4:
//   s = batch_norm(x) [+ shortcut]     a = s, max(s, 0) or clip(s, lo, hi)     levels = quantiser(a)
// with the f32 operations of the single ops in their order, so that the numbers are theirs bit for bit.
//
// Nothing but x and one byte for each element is kept for the gradient, codes u8 [.., c]:
//   bits 0 .. 5  the level, two's complement; 0 without a quantiser
//   bit 6        the gradient passes the activation: 1, s > 0, or lo <= s <= hi
//   bit 7        the gradient passes the quantiser: 0 <= a <= 1, or |a| <= window; 0 without one
// Gradient: ds = passes(da [+ dlevels through the quantiser]), which is the shortcut's gradient too; from ds as in
// batch_norm. ops/fuse.hpp puts this op in place of single ones.
#pragma once

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

enum class NormActivation : uint32_t { none, relu, clip };
enum class NormQuantizer : uint32_t { none, unsigned_levels, signs };

inline constexpr uint32_t kMaxNormBits = 5;  // of unsigned levels

struct BatchNormActivationOpParams {
  float epsilon = 1e-5f;
  NormActivation activation = NormActivation::none;
  float lo = 0, hi = 0;  // of the clip
  NormQuantizer quantizer = NormQuantizer::none;
  uint32_t bits = 1;          // of unsigned levels, 1 .. kMaxNormBits
  float window = 1;           // of signs
  uint32_t writes_value = 1;  // 0: nothing reads a, and it has no storage
};

struct BatchNormActivationBackwardOpParams {
  BatchNormActivationOpParams forward;
  uint32_t has_dvalue = 0;
  uint32_t has_dlevels = 0;  // one of the two at least
  uint32_t has_shortcut = 0;
};

// x, gamma, beta [, shortcut] -> a, mean, coefficients, variance, levels, codes. mean and variance: as of batch_norm.
// coefficients [4, c]: mean, inverse_std * gamma, beta, inverse_std.
extern const graph::OpInfo kBatchNormActivationOp;
// x, coefficients, codes [, da] [, dlevels] -> dx, dgamma, dbeta [, dshortcut]
extern const graph::OpInfo kBatchNormActivationBackwardOp;

}  // namespace lowtide::ops
