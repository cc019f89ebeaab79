// SPDX-License-Identifier: Apache-2.0
// The training graph. After it is planned it never changes: what differs from step to step is in the step block. One
// network or several: each has its own losses and its own blocks of the parameter arena; what it sees of the others is
// constant.
#include "trainer/loop/train_step.hpp"

#include <utility>

#include "engine/base/ints.hpp"
#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/correct_count/correct_count.hpp"
#include "engine/ops/finite_gate/finite_gate.hpp"
#include "engine/ops/fuse.hpp"
#include "engine/ops/group.hpp"
#include "engine/ops/loss_scale/loss_scale.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/place_images/place_images.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "trainer/loop/forward_networks.hpp"
#include "trainer/loop/train_update.hpp"
#include "trainer/methods/loss_scaling.hpp"

namespace lowtide::trainer {
namespace {

// A network while the step is put together.
struct StepNetwork {
  ForwardNetwork forward;
  TrainNetwork metrics = {};
  size_t first_parameter = 0;     // of TrainGraph::parameters
  NetworkGradient gradient = {};  // where it is trained
};

// What differentiate() sums up.
struct Objective {
  std::vector<ValueId> losses;
  std::vector<float> weights;

  void add(ValueId loss, double weight) {
    if (weight == 0) return;
    losses.push_back(loss);
    weights.push_back(static_cast<float>(weight));
  }
};

Result<void> add_images(TrainGraph& train, const NetInput& input) {
  graph::Graph& graph = train.graph;
  if (input.resident_images == 0) {
    train.images = graph.input("images", f32_desc(Shape{input.batch, input.height, input.width, input.channels}));
    return {};
  }
  const uint64_t bytes = uint64_t{input.resident_images} * input.height * input.width * input.channels;
  train.pixels = graph.constant("images/pixels", {DType::u32, Shape{narrow<uint32_t>(ceil_div(bytes, uint64_t{4}))}});
  train.table = graph.constant("images/table", f32_desc(Shape{input.channels, 256}));
  train.places = graph.input("places", {DType::u32, Shape{input.batch, 4}});
  LOWTIDE_TRY(train.images, ops::place_images(graph, "images", train.pixels, train.places, train.table,
                                              {.h = input.height, .w = input.width}));
  return {};
}

Result<ValueId> add_loss(TrainGraph& train, const TrainingOptions& options, ValueId logits) {
  graph::Graph& graph = train.graph;
  if (options.loss == LossKind::mse) {
    if (!train.targets.is_valid()) train.targets = graph.input("targets", graph.desc(logits));
    return ops::mse(graph, "loss", logits, train.targets);
  }
  return ops::softmax_cross_entropy(graph, "loss", logits, train.labels, static_cast<float>(options.label_smoothing));
}

// Each side's distances from the other: a student's from the teacher, the teacher's mean over the students.
Result<void> add_matches(graph::Graph& graph, const GuidanceOptions& guidance, std::vector<StepNetwork>& networks) {
  StepNetwork& teacher = networks[1];
  std::vector<ValueId> distances;
  size_t student = 0;
  for (StepNetwork& network : networks) {
    if (network.forward.description.is_teacher) continue;
    const GuidedSignals &own = network.forward.signals[0], &other = teacher.forward.signals[student++];
    const std::string name = network.metrics.prefix + "match";
    LOWTIDE_TRY(network.metrics.match, match_loss(graph, name, guidance, own, other));
    if (!teacher.metrics.is_trained) continue;
    const std::string reverse = teacher.metrics.prefix + "match/" + std::to_string(student);
    LOWTIDE_TRY(const ValueId distance, match_loss(graph, reverse, guidance, other, own));
    distances.push_back(distance);
  }
  if (distances.empty()) return {};
  LOWTIDE_TRY(teacher.metrics.match, mean_of(graph, teacher.metrics.prefix + "match", distances));
  return {};
}

// A number of the step that no network has: it is kept with the parameters, and later phases go on with it.
ValueId step_state(TrainGraph& train, const std::string& name, float start) {
  const ValueId value = train.graph.state(name, f32_desc(Shape{}));
  train.parameters.push_back({.name = name,
                              .value = value,
                              .kind = ParameterKind::scale,
                              .initializer = Initializer::constant,
                              .is_state = true,
                              .hand_over = HandOver::optional,
                              .start = start});
  return value;
}

// A fixed loss scale multiplies every weight, and the step block tells optimisers to divide it out. A dynamic one
// multiplies every loss.
Result<void> scale_losses(TrainGraph& train, const Phase& phase, ops::LossScaleState& state, Objective& objective) {
  const auto scale = static_cast<float>(loss_scale_of(phase));
  if (loss_scaling_of(phase) == LossScaling::fixed) {
    for (float& weight : objective.weights) weight *= scale;
    return {};
  }
  state = {step_state(train, "loss_scale", scale), step_state(train, "loss_scale/count", 0)};
  for (ValueId& loss : objective.losses) {
    const std::string name = train.graph.value(loss).name + "/scaled";
    LOWTIDE_TRY(loss, ops::scale(train.graph, name, loss, state.scale));
  }
  return {};
}

Objective objective_of(const Phase& phase, const std::vector<StepNetwork>& networks) {
  const LossWeights weights = loss_weights(phase.guidance);
  Objective objective;
  for (const StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    const bool is_teacher = network.forward.description.is_teacher;
    objective.add(network.metrics.loss, is_teacher ? weights.teacher_task : weights.student_task);
    if (network.metrics.match.is_valid()) {
      objective.add(network.metrics.match, is_teacher ? weights.teacher_match : weights.student_match);
    }
  }
  return objective;
}

// The loss of a network on the labels.
Result<void> add_task(TrainGraph& train, const Phase& phase, StepNetwork& network) {
  const NetScope& scope = network.forward.description.scope;
  network.metrics = {.prefix = scope.prefix, .is_trained = !scope.is_frozen};
  train.graph.set_scope(scope.prefix);
  const ValueId logits = network.forward.logits;
  auto loss = add_loss(train, phase.training, logits);
  auto correct = ops::correct_count(train.graph, "correct", logits, train.labels);
  train.graph.set_scope({});
  LOWTIDE_TRY(network.metrics.loss, std::move(loss));
  LOWTIDE_TRY(network.metrics.correct, std::move(correct));
  return {};
}

// What the host judges a step by (StepMetrics::first_not_finite), but for one network's gradient scale.
std::vector<ValueId> conditions_beside(const std::vector<StepNetwork>& networks, const StepNetwork& own) {
  std::vector<ValueId> conditions;
  for (const StepNetwork& network : networks) {
    conditions.push_back(network.metrics.loss);
    if (network.metrics.match.is_valid()) conditions.push_back(network.metrics.match);
    if (&network != &own && network.metrics.is_trained) conditions.push_back(network.gradient.scale);
  }
  return conditions;
}

// Everything that a step leaves behind. A step counts for all networks or for none: where a loss, a distance or a
// gradient of any of them is not finite, parameters, moments and running statistics stay bit for bit.
Result<void> add_updates(TrainGraph& train, const Phase& phase, const ops::LossScaleState& loss_scale,
                         std::vector<StepNetwork>& networks) {
  const auto parameters_of = [&](const StepNetwork& network) {
    return std::span(train.parameters).subspan(network.first_parameter, network.forward.parameters.size());
  };
  for (StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    LOWTIDE_TRY(network.gradient,
                add_gradient_norm(train, network.forward.description, parameters_of(network), loss_scale.scale));
    network.metrics.norm = network.gradient.norm;
  }
  ValueId counts;
  for (const StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    LOWTIDE_TRY(const ValueId scale, ops::finite_gate(train.graph, network.metrics.prefix + "counts",
                                                      network.gradient.scale, conditions_beside(networks, network)));
    LOWTIDE_TRY_VOID(add_update(train, network.forward.description, parameters_of(network), network.gradient, scale));
    LOWTIDE_TRY_VOID(append_norm_updates(train.graph, network.forward.norm_updates, scale));
    counts = scale;
  }
  if (!loss_scale.scale.is_valid()) return {};
  LOWTIDE_TRY(train.loss_scale, ops::loss_scale(train.graph, "loss_scale/update", loss_scale, counts,
                                                {.interval = phase.training.loss_scale_interval}));
  train.graph.make_metric(train.loss_scale, "loss_scale/used");
  return {};
}

void make_metrics(graph::Graph& graph, const TrainNetwork& network) {
  graph.make_metric(network.loss, network.prefix + "loss");
  if (network.match.is_valid()) graph.make_metric(network.match, network.prefix + "match");
  graph.make_metric(network.correct, network.prefix + "correct");
  if (network.norm.is_valid()) graph.make_metric(network.norm, network.prefix + "gradient_norm");
}

}  // namespace

Result<TrainGraph> make_train_graph(const Phase& phase, const NetInput& input, const Phase* fixed_teacher,
                                    bool is_fused) {
  TrainGraph train;
  graph::Graph& graph = train.graph;
  LOWTIDE_TRY_VOID(add_images(train, input));
  train.labels = graph.input("labels", {DType::u32, Shape{input.batch}});
  graph.step_block();

  LOWTIDE_TRY(auto forward, add_networks(graph, NetMode::training, phase, fixed_teacher, train.images, input.classes));
  train.layers = forward.front().layers;
  std::vector<StepNetwork> networks;
  for (ForwardNetwork& network : forward) {
    const std::vector<NetParameter>& own = network.parameters;
    const size_t first = train.parameters.size();
    train.parameters.insert(train.parameters.end(), own.begin(), own.end());
    networks.push_back({.forward = std::move(network), .first_parameter = first});
    LOWTIDE_TRY_VOID(add_task(train, phase, networks.back()));
  }
  if (is_guided(phase)) LOWTIDE_TRY_VOID(add_matches(graph, phase.guidance, networks));
  Objective objective = objective_of(phase, networks);
  ops::LossScaleState loss_scale;
  LOWTIDE_TRY_VOID(scale_losses(train, phase, loss_scale, objective));
  if (is_fused) LOWTIDE_TRY_VOID(ops::fuse_norms(graph));
  const size_t first_gradient = graph.nodes().size();
  LOWTIDE_TRY_VOID(graph::differentiate(graph, objective.losses, objective.weights, ops::autodiff_ops()));
  if (phase.training.recompute == Recompute::convolutions) {
    LOWTIDE_TRY_VOID(ops::recompute_convolutions(graph, first_gradient));
  }
  if (is_fused) LOWTIDE_TRY_VOID(ops::group_weights(graph));
  LOWTIDE_TRY_VOID(add_updates(train, phase, loss_scale, networks));
  if (is_fused) LOWTIDE_TRY_VOID(ops::group_running(graph));
  for (const StepNetwork& network : networks) {
    make_metrics(graph, network.metrics);
    train.networks.push_back(network.metrics);
  }
  return train;
}

}  // namespace lowtide::trainer
