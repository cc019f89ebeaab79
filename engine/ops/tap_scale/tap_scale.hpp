// SPDX-License-Identifier: Apache-2.0
// tap_scale: the weights of a convolution times one number for each position of the kernel, as SYQ trains them (Faraone
// et al. 2018, equation 5): y[k,r,s,c] = x[k,r,s,c] * scale[r * S + s], f32.
// Gradient: dx = tap_scale(dy, scale); dscale[t] = sum over k and c of x * dy at tap t, summed in a fixed order.
// Evaluation multiplies levels and scales tap by tap instead: tap_conv2d.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kTapScaleOp;                // x [k, r, s, c], scale [r*s] -> y
extern const graph::OpInfo kTapScaleBackwardWeightOp;  // x, dy -> dscale [r*s]

Result<ValueId> tap_scale(graph::Graph& graph, std::string name, ValueId x, ValueId scale);

}  // namespace lowtide::ops
