// SPDX-License-Identifier: Apache-2.0
// batch_norm_running_group: batch_norm_running of many norms in one dispatch, with the same numbers. The running values
// are state of the graph, the batch's statistics parts of one joined value (Graph::join). ops::group_running puts it
// into a graph.
#pragma once

#include "engine/ops/batch_norm/batch_norm.hpp"

namespace lowtide::ops {

// state arena, then running_mean, running_variance, mean and variance of each norm [, finite []] -> running_mean and
// running_variance of each, in place. Parameters: BatchNormRunningOpParams.
extern const graph::OpInfo kBatchNormRunningGroupOp;

}  // namespace lowtide::ops
