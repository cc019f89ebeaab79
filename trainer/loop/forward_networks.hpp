// SPDX-License-Identifier: Apache-2.0
// All networks of a phase, forward, with what they show each other: what a training step differentiates, and what
// passes over training batches measure before the first step.
#pragma once

#include <vector>

#include "trainer/methods/guided.hpp"
#include "trainer/methods/guided_losses.hpp"

namespace lowtide::trainer {

struct ForwardNetwork {
  GuidedNetwork description;
  ValueId logits = {};                      // [n, classes]
  std::vector<GuidedSignals> signals = {};  // a student has one; a teacher has one for each student; else none
  std::vector<NetParameter> parameters = {};
  std::vector<NetLayer> layers = {};
  std::vector<NormUpdate> norm_updates = {};  // not made yet
};

// As methods/guided.hpp orders them. `mode`: of the networks that are trained; a fixed teacher is in evaluation.
// Parameters of a network lie together in the arena: none is asked for later. Errors: those of make_train_graph.
Result<std::vector<ForwardNetwork>> add_networks(graph::Graph& graph, NetMode mode, const Phase& phase,
                                                 const Phase* fixed_teacher, ValueId images, uint32_t classes);

}  // namespace lowtide::trainer
