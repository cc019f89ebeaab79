// SPDX-License-Identifier: Apache-2.0
// batch_norm: training's batch normalisation along the last axis (Ioffe and Szegedy 2015, algorithm 1), f32, any rank.
//   y = (x - mean) * inverse_std * gamma + beta, inverse_std = 1 / sqrt(var + epsilon), var biased, over all rows;
//   variance = var * rows / (rows - 1), what the running variance is made of (as PyTorch does).
// Statistics are never E[x^2] - E[x]^2: partial moments about a value of each block are merged. No gradient flows
// through mean, inverse_std and variance.
// batch_norm_running: running = (1 - momentum) * running + momentum * batch, in place. An op of its own, because a step
// is known to count only after its gradients: where `finite` is not, every running value stays bit for bit. Where a
// channel's batch statistics are not finite that channel's stay in any case: a quantiser may have hidden it from the
// loss.
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
};

struct BatchNormRunningOpParams {
  float momentum = 0.1f;  // in [0, 1]
};

struct BatchNormFoldOpParams {
  float epsilon = 1e-5f;
  float input_scale = 1.0f;
};

extern const graph::OpInfo
    kBatchNormOp;  // x [.., c], gamma, beta [c] -> y, mean, inverse_std, variance; two rows or more
extern const graph::OpInfo kBatchNormBackwardOp;  // x, dy, gamma, mean, inverse_std -> dx, dgamma, dbeta
extern const graph::OpInfo kBatchNormRunningOp;   // running_mean, running_variance, mean, variance [, finite []] ->
                                                  // running_mean, running_variance in place
extern const graph::OpInfo kBatchNormFoldOp;      // gamma, beta, running_mean, running_variance [, scale [] or [c]] ->
                                                  // multiplier, offset

// The trained and the running values of one batch norm, each [c].
struct BatchNormValues {
  ValueId gamma;
  ValueId beta;
  ValueId running_mean;
  ValueId running_variance;
};

struct BatchNormed {
  ValueId y;
  ValueId mean;      // [c], of the batch
  ValueId variance;  // [c], of the batch, unbiased
};
// Reads gamma and beta alone; the running values are batch_norm_running's.
Result<BatchNormed> batch_norm(graph::Graph& graph, std::string name, ValueId x, const BatchNormValues& values,
                               const BatchNormOpParams& params = {});

// `finite`: f32 [], finite where the step counts (finite_gate); invalid: it always does.
Result<void> batch_norm_running(graph::Graph& graph, std::string name, const BatchNormValues& values,
                                const BatchNormed& batch, const BatchNormRunningOpParams& params, ValueId finite = {});

struct BatchNormFolded {
  ValueId multiplier;
  ValueId offset;
};

// `scale`: a further factor that is known only on the device, [] or [c]; invalid: none.
Result<BatchNormFolded> batch_norm_fold(graph::Graph& graph, std::string name, const BatchNormValues& values,
                                        const BatchNormFoldOpParams& params = {}, ValueId scale = {});

}  // namespace lowtide::ops
