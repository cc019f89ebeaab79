// SPDX-License-Identifier: Apache-2.0
// The training graph. After it is planned it never changes: what differs from step to step is in the step block.
#include "trainer/loop/train_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/graph/autodiff.hpp"
#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/adam/adam.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/correct_count/correct_count.hpp"
#include "engine/ops/gradient_norm/gradient_norm.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/radam/radam.hpp"
#include "engine/ops/sgd/sgd.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

Result<ValueId> add_loss(TrainGraph& train, const TrainingOptions& options, ValueId logits) {
  graph::Graph& graph = train.graph;
  if (options.loss == LossKind::mse) {
    train.targets = graph.input("targets", graph.desc(logits));
    return ops::mse(graph, "loss", logits, train.targets);
  }
  return ops::softmax_cross_entropy(graph, "loss", logits, train.labels, static_cast<float>(options.label_smoothing));
}

Result<void> add_optimizer(TrainGraph& train, const OptimizerOptions& options) {
  graph::Graph& graph = train.graph;
  const uint32_t blocks = graph::parameter_block_count(graph);
  LOWTIDE_TRY(const ops::GradientNorm norm,
              ops::gradient_norm(graph, "gradient_norm",
                                 {.max_norm = static_cast<float>(options.gradient_clip_norm), .block_count = blocks}));
  train.norm = norm.norm;
  train.attributes = ops::block_attributes(graph);
  for (const NetParameter& parameter : train.parameters) {
    if (parameter.is_state) continue;
    const size_t end = train.block_attributes.size() + graph::blocks_of(graph, parameter.value).count;
    train.block_attributes.resize(end, attributes_of(parameter, options));
    // The optimiser works on whole arenas; these names are what a checkpoint stores.
    graph.mirror(parameter.value, graph::Role::moment0);
    if (options.name != OptimizerKind::sgd) graph.mirror(parameter.value, graph::Role::moment1);
  }
  const ops::OptimizerInputs inputs = {
      .attributes = train.attributes, .gradient_scale = norm.scale, .first_block = 0, .block_count = blocks};
  if (options.name == OptimizerKind::sgd) {
    return ops::sgd(graph, "optimizer", inputs, static_cast<float>(options.momentum), options.nesterov);
  }
  if (options.name == OptimizerKind::radam) {
    return ops::radam(graph, "optimizer", inputs,
                      {.beta1 = static_cast<float>(options.beta1),
                       .beta2 = static_cast<float>(options.beta2),
                       .epsilon = static_cast<float>(options.epsilon)});
  }
  ops::AdamOpParams params;
  params.beta1 = static_cast<float>(options.beta1);
  params.beta2 = static_cast<float>(options.beta2);
  params.epsilon = static_cast<float>(options.epsilon);
  params.decoupled = options.name == OptimizerKind::adamw ? 1 : 0;
  return ops::adam(graph, "optimizer", inputs, params);
}

}  // namespace

Result<TrainGraph> make_train_graph(const Phase& phase, const NetInput& input) {
  TrainGraph train;
  graph::Graph& graph = train.graph;
  train.images = graph.input("images", f32_desc(Shape{input.batch, input.height, input.width, input.channels}));
  train.labels = graph.input("labels", {DType::u32, Shape{input.batch}});
  graph.step_block();

  NetContext net(graph, NetMode::training, phase);
  LOWTIDE_TRY(const ValueId logits, build_network(net, train.images, input.classes));
  train.parameters = net.parameters();
  train.layers = net.layers();

  LOWTIDE_TRY(train.loss, add_loss(train, phase.training, logits));
  LOWTIDE_TRY(train.correct, ops::correct_count(graph, "correct", logits, train.labels));
  const std::array<ValueId, 1> losses = {train.loss};
  const std::array<float, 1> weights = {1.0f};
  LOWTIDE_TRY_VOID(graph::differentiate(graph, losses, weights, ops::autodiff_ops()));
  LOWTIDE_TRY_VOID(add_optimizer(train, phase.optimizer));
  graph.make_metric(train.loss, "loss");
  graph.make_metric(train.correct, "correct");
  graph.make_metric(train.norm, "gradient_norm");
  return train;
}

shaders::BlockAttributes attributes_of(const NetParameter& parameter, const OptimizerOptions& options) {
  const auto is_meant = [&](const std::string& word) {
    return word == to_string(parameter.kind) || parameter.name.find(word) != std::string::npos;
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
  // Of the beta that kernels multiply by: 1 - 0.999f is 1.3e-5 less than 0.001, relatively.
  const auto correction = [&](double beta) {
    return static_cast<float>(1.0 -
                              std::pow(static_cast<double>(static_cast<float>(beta)), static_cast<double>(step + 1)));
  };
  shaders::StepBlock block = {};
  block.learning_rate = static_cast<float>(values.rate);
  block.step = static_cast<uint32_t>(step);
  block.seed_lo = static_cast<uint32_t>(seed);
  block.seed_hi = static_cast<uint32_t>(seed >> 32);
  block.loss_scale = 1.0f;
  block.blend = static_cast<float>(values.blend);
  block.expansion = static_cast<float>(values.expansion);
  block.quantized_share = static_cast<float>(values.quantized_share);
  block.adam_correction1 = correction(options.beta1);
  block.adam_correction2 = correction(options.beta2);
  block.radam_rectification = static_cast<float>(ops::radam_rectification(options.beta2, step));
  block.valid_count = valid_count;
  return block;
}

}  // namespace lowtide::trainer
