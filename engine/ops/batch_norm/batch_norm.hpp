// SPDX-License-Identifier: Apache-2.0
// batch_norm: training's batch normalisation along the last axis (Ioffe and Szegedy 2015, algorithm 1), f32, any rank.
//   y = (x - mean) * inverse_std * gamma + beta, inverse_std = 1 / sqrt(var + epsilon), var biased, over all rows;
//   running = (1 - momentum) * running + momentum * batch, in place, with the unbiased variance (as PyTorch does).
//   Where a channel's batch statistics are not finite its running values stay: the step is one that optimisers skip.
// Statistics are never E[x^2] - E[x]^2: partial moments about a value of each block are merged. No gradient flows
// through mean, inverse_std and the running values.
// batch_norm_fold: evaluation's form, for the affine op:
//   multiplier = input_scale * scale * gamma / sqrt(running_variance + epsilon),
//   offset     = beta - running_mean * gamma / sqrt(running_variance + epsilon),
// where the input of the batch norm in training was input_scale * scale * (the input of the affine). No gradient.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct BatchNormOpParams {
  float epsilon = 1e-5f;  // > 0
  float momentum = 0.1f;  // in [0, 1]; 0 leaves the running values alone
};

struct BatchNormFoldOpParams {
  float epsilon = 1e-5f;
  float input_scale = 1.0f;
};

// x [.., c], gamma, beta, running_mean, running_variance [c] ->
//   y, mean, inverse_std, and running_mean, running_variance in place; at least two rows
extern const graph::OpInfo kBatchNormOp;
extern const graph::OpInfo kBatchNormBackwardOp;  // x, dy, gamma, mean, inverse_std -> dx, dgamma, dbeta
extern const graph::OpInfo kBatchNormFoldOp;      // gamma, beta, running_mean, running_variance [, scale [] or [c]] ->
                                                  // multiplier, offset

// The trained and the running values of one batch norm, each [c].
struct BatchNormValues {
  ValueId gamma;
  ValueId beta;
  ValueId running_mean;
  ValueId running_variance;
};

// y
Result<ValueId> batch_norm(graph::Graph& graph, std::string name, ValueId x, const BatchNormValues& values,
                           const BatchNormOpParams& params = {});

struct BatchNormFolded {
  ValueId multiplier;
  ValueId offset;
};

// `scale`: a further factor that is known only on the device, [] or [c]; invalid: none.
Result<BatchNormFolded> batch_norm_fold(graph::Graph& graph, std::string name, const BatchNormValues& values,
                                        const BatchNormFoldOpParams& params = {}, ValueId scale = {});

}  // namespace lowtide::ops
