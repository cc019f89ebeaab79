// SPDX-License-Identifier: Apache-2.0
// One training step as a graph: network, loss, gradients, gradient norm, optimiser. Pure: no device. What runs it is
// stepper.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/graph.hpp"
#include "shaders/lib/block_attributes.h"
#include "shaders/lib/step_block.h"
#include "trainer/nets/net.hpp"
#include "trainer/recipe.hpp"
#include "trainer/schedule/step_values.hpp"

namespace lowtide::trainer {

// What a network sees and says.
struct NetInput {
  uint32_t batch = 1;
  uint32_t height = 1;
  uint32_t width = 1;
  uint32_t channels = 1;
  uint32_t classes = 1;
};

struct TrainGraph {
  graph::Graph graph;
  ValueId images;      // input f32 [batch, height, width, channels]
  ValueId labels;      // input u32 [batch], each below the class count
  ValueId targets;     // mean squared error only: input f32 [batch, classes], one-hot; else invalid
  ValueId loss;        // metric f32 []: the batch's mean loss
  ValueId correct;     // metric f32 []: images whose largest logit is at the label
  ValueId norm;        // metric f32 []: of the whole gradient; NaN: the update was left out
  ValueId attributes;  // constant, what block_attributes says
  std::vector<shaders::BlockAttributes> block_attributes;  // weight decay and clipping of each parameter block
  std::vector<NetParameter> parameters;
  std::vector<NetLayer> layers;
};

// Errors: an unknown network, images that are too small for it, a layer that does not fit.
Result<TrainGraph> make_train_graph(const Phase& phase, const NetInput& input);

// Weight decay, latent clipping and rate of a parameter: decay where no word of weight_decay_exclude is its kind or
// part of its name and it is not a factor of levels; clipping for the latents of quantised layers.
shaders::BlockAttributes attributes_of(const NetParameter& parameter, const OptimizerOptions& options);

// The step block of optimiser step `step` (from 0) with what the schedules say, `values`.
shaders::StepBlock make_step_block(const OptimizerOptions& options, uint64_t seed, uint64_t step,
                                   const StepValues& values, uint32_t valid_count);

}  // namespace lowtide::trainer
