// SPDX-License-Identifier: Apache-2.0
// gradient_norm: the Euclidean norm of all gradients of a range of parameter blocks (loss scale divided out), and the
// factor by which an optimiser multiplies them so that the norm does not exceed a limit (Pascanu et al. 2013, algorithm
// 1):
//   scale = min(1, max_norm / (norm + 1e-6)) / loss_scale;   max_norm = 0: 1 / loss_scale
// loss_scale is the step block's, times a number on the device where there is one (ops/loss_scale).
// Where a gradient is NaN or infinite, norm and scale are NaN, and the optimiser skips the step.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct GradientNormParams {
  float max_norm = 0;
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

extern const graph::OpInfo
    kGradientNormOp;  // gradients (whole arena), step block [, loss scale []] -> norm [], scale []

struct GradientNorm {
  ValueId norm;
  ValueId scale;
};
Result<GradientNorm> gradient_norm(graph::Graph& graph, std::string name, const GradientNormParams& params,
                                   ValueId loss_scale = {});

}  // namespace lowtide::ops
