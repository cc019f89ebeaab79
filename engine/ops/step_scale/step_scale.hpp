// SPDX-License-Identifier: Apache-2.0
// step_scale: y = factor * f * x, f32, any shape, where f is the expansion factor of the step block: a tensor whose
// weight a schedule changes from step to step without a new recording (EXP-Net, Zhou et al. 2019). Linear in x, so the
// gradient is the same op on dy.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct StepScaleOpParams {
  float factor = 1.0f;  // finite
};

extern const graph::OpInfo kStepScaleOp;  // x, step block -> y

Result<ValueId> step_scale(graph::Graph& graph, std::string name, ValueId x, float factor = 1.0f);

}  // namespace lowtide::ops
