// SPDX-License-Identifier: Apache-2.0
// Optimisers of the networks of a step, and what they read: block attributes and the step block.
#include "trainer/loop/train_update.hpp"

#include <algorithm>
#include <cmath>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/adam/adam.hpp"
#include "engine/ops/gradient_norm/gradient_norm.hpp"
#include "engine/ops/radam/radam.hpp"
#include "engine/ops/sgd/sgd.hpp"
#include "trainer/methods/loss_scaling.hpp"

namespace lowtide::trainer {
namespace {

Result<void> add_optimizer(graph::Graph& graph, const std::string& name, const OptimizerOptions& options,
                           const ops::OptimizerInputs& inputs) {
  if (options.name == OptimizerKind::sgd) {
    return ops::sgd(graph, name, inputs, static_cast<float>(options.momentum), options.nesterov);
  }
  if (options.name == OptimizerKind::radam) {
    return ops::radam(graph, name, inputs,
                      {.beta1 = static_cast<float>(options.beta1),
                       .beta2 = static_cast<float>(options.beta2),
                       .epsilon = static_cast<float>(options.epsilon)});
  }
  ops::AdamOpParams params;
  params.beta1 = static_cast<float>(options.beta1);
  params.beta2 = static_cast<float>(options.beta2);
  params.epsilon = static_cast<float>(options.epsilon);
  params.decoupled = options.name == OptimizerKind::adamw ? 1 : 0;
  return ops::adam(graph, name, inputs, params);
}

// 1 - beta^(steps done). Of the beta that kernels multiply by: 1 - 0.999f is 1.3e-5 less than 0.001, relatively.
float adam_correction(double beta, uint64_t step) {
  const auto rounded = static_cast<double>(static_cast<float>(beta));
  return static_cast<float>(1.0 - std::pow(rounded, static_cast<double>(step + 1)));
}

}  // namespace

Result<NetworkGradient> add_gradient_norm(TrainGraph& train, const GuidedNetwork& network,
                                          std::span<const NetParameter> parameters, ValueId loss_scale) {
  graph::Graph& graph = train.graph;
  const OptimizerOptions& options = network.phase.optimizer;
  const std::string& prefix = network.scope.prefix;
  const auto first = narrow<uint32_t>(train.block_attributes.size());
  for (const NetParameter& parameter : parameters) {
    if (parameter.is_state) continue;
    shaders::BlockAttributes attributes = attributes_of(parameter, options);
    attributes.is_second = network.is_teacher ? 1.0f : 0.0f;
    const size_t end = train.block_attributes.size() + graph::blocks_of(graph, parameter.value).count;
    train.block_attributes.resize(end, attributes);
  }
  const uint32_t count = narrow<uint32_t>(train.block_attributes.size()) - first;
  LOWTIDE_TRY(
      const ops::GradientNorm norm,
      ops::gradient_norm(
          graph, prefix + "gradient_norm",
          {.max_norm = static_cast<float>(options.gradient_clip_norm), .first_block = first, .block_count = count},
          loss_scale));
  return NetworkGradient{norm.norm, norm.scale, first, count};
}

Result<void> add_update(TrainGraph& train, const GuidedNetwork& network, std::span<const NetParameter> parameters,
                        const NetworkGradient& gradient, ValueId scale) {
  graph::Graph& graph = train.graph;
  const OptimizerOptions& options = network.phase.optimizer;
  train.attributes = ops::block_attributes(graph);
  for (const NetParameter& parameter : parameters) {
    if (parameter.is_state) continue;
    // The optimiser works on whole arenas; these names are what a checkpoint stores.
    graph.mirror(parameter.value, graph::Role::moment0);
    if (options.name != OptimizerKind::sgd) graph.mirror(parameter.value, graph::Role::moment1);
  }
  const ops::OptimizerInputs inputs = {.attributes = train.attributes,
                                       .gradient_scale = scale,
                                       .first_block = gradient.first_block,
                                       .block_count = gradient.block_count};
  return add_optimizer(graph, network.scope.prefix + "optimizer", options, inputs);
}

shaders::BlockAttributes attributes_of(const NetParameter& parameter, const OptimizerOptions& options) {
  const auto is_meant = [&](const std::string& word) {
    return word == to_string(parameter.kind) || parameter.local_name().find(word) != std::string_view::npos;
  };
  const bool is_excluded =
      parameter.kind == ParameterKind::scale ||
      std::any_of(options.weight_decay_exclude.begin(), options.weight_decay_exclude.end(), is_meant);
  const bool is_latent = parameter.kind == ParameterKind::weight && parameter.weight_bits != kFloatBits;
  const bool has_decay = parameter.has_weight_decay && !is_excluded;
  float clip = is_latent ? static_cast<float>(options.latent_clip) : 0.0f;
  if (parameter.latent_limit > 0 && !(clip > 0 && clip < parameter.latent_limit)) clip = parameter.latent_limit;
  return {.weight_decay = has_decay ? static_cast<float>(options.weight_decay) : 0.0f,
          .latent_clip = clip,
          .rate_scale = 1.0f,
          .is_second = 0.0f};
}

shaders::StepBlock make_step_block(const OptimizerOptions& options, uint64_t seed, uint64_t step,
                                   const StepValues& values, uint32_t valid_count) {
  shaders::StepBlock block = {};
  block.learning_rate = static_cast<float>(values.rate);
  block.step = static_cast<uint32_t>(step);
  block.seed_lo = static_cast<uint32_t>(seed);
  block.seed_hi = static_cast<uint32_t>(seed >> 32);
  block.loss_scale = 1.0f;
  block.blend = static_cast<float>(values.blend);
  block.expansion = static_cast<float>(values.expansion);
  block.quantized_share = static_cast<float>(values.quantized_share);
  block.adam_correction1 = adam_correction(options.beta1, step);
  block.adam_correction2 = adam_correction(options.beta2, step);
  block.radam_rectification = static_cast<float>(ops::radam_rectification(options.beta2, step));
  block.valid_count = valid_count;
  return block;
}

shaders::StepBlock make_step_block(const Phase& phase, uint64_t seed, uint64_t step, const StepValues& values,
                                   uint32_t valid_count) {
  shaders::StepBlock block = make_step_block(phase.optimizer, seed, step, values, valid_count);
  if (loss_scaling_of(phase) == LossScaling::fixed) block.loss_scale = static_cast<float>(loss_scale_of(phase));
  if (!has_trained_teacher(phase)) return block;
  const OptimizerOptions teacher = teacher_optimizer(phase);
  block.second_rate = static_cast<float>(values.second_rate);
  block.second_correction1 = adam_correction(teacher.beta1, step);
  block.second_correction2 = adam_correction(teacher.beta2, step);
  block.second_rectification = static_cast<float>(ops::radam_rectification(teacher.beta2, step));
  return block;
}

}  // namespace lowtide::trainer
