// SPDX-License-Identifier: Apache-2.0
// kl_divergence: T^2 times the mean over n rows of sum_j p_j log(p_j / q_j), with p = softmax(target / T) and
// q = softmax(logits / T) (Hinton et al. 2015; the factor keeps gradients comparable over temperatures).
// Gradient: dlogits = dy T (q - p) / n. The target carries none: in distillation and in mutual learning it is a
// constant.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct KlDivergenceParams {
  float temperature = 1;  // T > 0
};

extern const graph::OpInfo kKlDivergenceOp;          // logits [n, c], target [n, c] -> loss []
extern const graph::OpInfo kKlDivergenceBackwardOp;  // logits, target, dy [] -> dlogits [n, c]

Result<ValueId> kl_divergence(graph::Graph& graph, std::string name, ValueId logits, ValueId target,
                              float temperature = 1);

}  // namespace lowtide::ops
