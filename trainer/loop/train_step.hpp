// SPDX-License-Identifier: Apache-2.0
// One training step as a graph: networks, losses, gradients, gradient norms, optimisers. Pure: no device. What runs it
// is stepper.hpp.
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
  uint32_t resident_images = 0;  // of the training set, as bytes on the device; 0: each batch comes from the host
};

// What the device says of one network of the step.
struct TrainNetwork {
  std::string prefix = {};  // of its names; empty for the recipe's own network
  bool is_trained = true;
  ValueId loss = {};     // metric f32 []: the batch's mean loss on the labels, without its weight
  ValueId match = {};    // metric f32 []: its distance from the other side; invalid without guidance
  ValueId correct = {};  // metric f32 []: images whose largest logit is at the label
  ValueId norm = {};     // metric f32 []: of its whole gradient; NaN: not finite. Invalid: not trained
};

struct TrainGraph {
  graph::Graph graph;
  ValueId images;  // f32 [batch, height, width, channels]: an input, or what the device makes of the three below
  ValueId pixels, table, places;  // ops::place_images: two constants and an input; invalid without resident images
  ValueId labels;                 // input u32 [batch], each below the class count
  ValueId targets;                // mean squared error only: input f32 [batch, classes], one-hot; else invalid
  ValueId attributes;             // constant, what block_attributes says
  std::vector<shaders::BlockAttributes> block_attributes;  // weight decay and clipping of each parameter block
  ValueId loss_scale = {};               // metric f32 []: a dynamic one, as this step had it; invalid: fixed
  std::vector<TrainNetwork> networks;    // as methods/guided.hpp orders them, the recipe's own first
  std::vector<NetParameter> parameters;  // of all networks, one after the other
  std::vector<NetLayer> layers;          // of the recipe's own network
};

// `is_fused`: norms, activations and quantisers in one pass each (ops/fuse.hpp), weights of all layers and running
// values of all norms in one (ops/group.hpp); without it the same numbers by single ops, for tests and for what fusion
// saves. `fixed_teacher`: of a distillation, the phase that made the teacher. Errors: an unknown network, images that
// are too small for it, a layer that does not fit, guidance that compares what cannot be compared.
Result<TrainGraph> make_train_graph(const Phase& phase, const NetInput& input, const Phase* fixed_teacher = nullptr,
                                    bool is_fused = true);

// Weight decay, latent clipping and rate of a parameter: decay where no word of weight_decay_exclude is its kind or
// part of its name and it is not a factor of levels; clipping for the latents of quantised layers.
shaders::BlockAttributes attributes_of(const NetParameter& parameter, const OptimizerOptions& options);

// The step block of optimiser step `step` (from 0) with what the schedules say, `values`.
shaders::StepBlock make_step_block(const OptimizerOptions& options, uint64_t seed, uint64_t step,
                                   const StepValues& values, uint32_t valid_count);
// The same for a phase; the second rate and corrections are those of a teacher that is trained too.
shaders::StepBlock make_step_block(const Phase& phase, uint64_t seed, uint64_t step, const StepValues& values,
                                   uint32_t valid_count);

}  // namespace lowtide::trainer
