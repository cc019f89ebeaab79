// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy: the mean over n rows of -sum_j t_j log p_j with p = softmax(logits) and label smoothing s:
// t_j = (1 - s) [j = label] + s / c  (Szegedy et al. 2016, section 7).
// Gradient: dlogits = dy (p - t) / n. Labels carry none.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct SoftmaxCrossEntropyParams {
  float label_smoothing = 0;  // s, in [0, 1)
};

extern const graph::OpInfo
    kSoftmaxCrossEntropyOp;  // logits [n, c] f32, labels [n] u32 -> loss [], probabilities [n, c]
extern const graph::OpInfo kSoftmaxCrossEntropyBackwardOp;  // probabilities, labels, dy [] -> dlogits [n, c]

// The loss. A label that is not below c makes the loss NaN.
Result<ValueId> softmax_cross_entropy(graph::Graph& graph, std::string name, ValueId logits, ValueId labels,
                                      float label_smoothing = 0);

}  // namespace lowtide::ops
