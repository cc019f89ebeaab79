// SPDX-License-Identifier: Apache-2.0
// Grouping: the same small work of many layers becomes one node, so that a step has fewer dispatches. Behind
// differentiation, in front of what reads the gradients. Numbers stay the same bit for bit. What has no companion, or
// whose values others use in ways that a group cannot serve, stays as it is.
#pragma once

#include "engine/graph/graph.hpp"

namespace lowtide::ops {

// Every quantize_weights of parameters that are trained, with its maximum and its gradient: one quantize_weight_group,
// and one of its gradients, for those of one rule and width. Levels and their gradients are then held in the place of
// the parameter's gradient, one after the other; what makes the gradient of levels moves behind the last reader of the
// levels.
Result<void> group_weights(graph::Graph& graph);

// Every batch_norm_running of one momentum and one condition.
Result<void> group_running(graph::Graph& graph);

}  // namespace lowtide::ops
