// SPDX-License-Identifier: Apache-2.0
// The training graph. After it is planned it never changes: what differs from step to step is in the step block. One
// network or several: each has its own losses and its own blocks of the parameter arena; what it sees of the others is
// constant.
#include "trainer/loop/train_step.hpp"

#include <utility>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/correct_count/correct_count.hpp"
#include "engine/ops/finite_gate/finite_gate.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "trainer/loop/train_update.hpp"
#include "trainer/methods/guided_losses.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

// A network while the step is put together.
struct StepNetwork {
  GuidedNetwork description;
  TrainNetwork metrics;
  std::vector<GuidedSignals> signals;  // a student has one; a teacher has one for each student
  size_t first_parameter = 0;          // of TrainGraph::parameters
  size_t end_parameter = 0;
  std::vector<NormUpdate> norm_updates;
  NetworkGradient gradient;  // where it is trained
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

std::vector<const QuantizationOptions*> students_quantization(const std::vector<StepNetwork>& networks) {
  std::vector<const QuantizationOptions*> out;
  for (const StepNetwork& network : networks) {
    if (!network.description.is_teacher) out.push_back(&network.description.phase.quantization);
  }
  return out;
}

// What the others see: feature maps belong to the network and are made while its context is open.
Result<void> add_signals(NetContext& net, const GuidanceOptions& guidance, const std::vector<std::string>& places,
                         const std::vector<StepNetwork>& networks, StepNetwork& network, ValueId logits) {
  if (!network.description.is_teacher) {
    LOWTIDE_TRY(auto maps, hint_maps(net, "hint", places, network.description.phase.quantization));
    network.signals.push_back({logits, std::move(maps)});
    return {};
  }
  for (const QuantizationOptions* student : students_quantization(networks)) {
    const std::string name = "hint" + std::to_string(network.signals.size() + 1);
    const QuantizationOptions own = network.description.phase.quantization;
    LOWTIDE_TRY(auto maps, hint_maps(net, name, places, guidance.hint_quantized ? *student : own));
    network.signals.push_back({logits, std::move(maps)});
  }
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
    if (network.description.is_teacher) continue;
    const GuidedSignals &own = network.signals[0], &other = teacher.signals[student++];
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

Objective objective_of(const GuidanceOptions& guidance, const std::vector<StepNetwork>& networks) {
  const LossWeights weights = loss_weights(guidance);
  Objective objective;
  for (const StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    const bool is_teacher = network.description.is_teacher;
    objective.add(network.metrics.loss, is_teacher ? weights.teacher_task : weights.student_task);
    if (network.metrics.match.is_valid()) {
      objective.add(network.metrics.match, is_teacher ? weights.teacher_match : weights.student_match);
    }
  }
  return objective;
}

// Builds one network with its loss. Parameters of a network lie together in the arena: none is asked for later.
Result<void> add_network(TrainGraph& train, const Phase& phase, uint32_t classes, std::vector<std::string>& places,
                         std::vector<StepNetwork>& networks, StepNetwork& network) {
  const GuidedNetwork& description = network.description;
  const std::string& prefix = description.scope.prefix;
  network.metrics = {.prefix = prefix, .is_trained = !description.scope.is_frozen};
  NetContext net(train.graph, description.scope.is_frozen ? NetMode::evaluation : NetMode::training, description.phase,
                 description.scope);
  LOWTIDE_TRY(const ValueId logits, build_network(net, train.images, classes));
  if (prefix.empty()) {
    train.layers = net.layers();
    places = hint_places(phase.guidance, net.places());
  }
  if (is_guided(phase)) LOWTIDE_TRY_VOID(add_signals(net, phase.guidance, places, networks, network, logits));
  network.first_parameter = train.parameters.size();
  for (NetParameter parameter : net.parameters()) {
    if (!prefix.empty()) parameter.hand_over = guided_hand_over(description, phase, parameter.hand_over);
    train.parameters.push_back(std::move(parameter));
  }
  network.end_parameter = train.parameters.size();
  network.norm_updates = net.norm_updates();
  LOWTIDE_TRY(network.metrics.loss, add_loss(train, phase.training, logits));
  LOWTIDE_TRY(network.metrics.correct, ops::correct_count(train.graph, "correct", logits, train.labels));
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
Result<void> add_updates(TrainGraph& train, std::vector<StepNetwork>& networks) {
  const auto parameters_of = [&](const StepNetwork& network) {
    return std::span(train.parameters)
        .subspan(network.first_parameter, network.end_parameter - network.first_parameter);
  };
  for (StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    LOWTIDE_TRY(network.gradient, add_gradient_norm(train, network.description, parameters_of(network)));
    network.metrics.norm = network.gradient.norm;
  }
  for (const StepNetwork& network : networks) {
    if (!network.metrics.is_trained) continue;
    LOWTIDE_TRY(const ValueId scale, ops::finite_gate(train.graph, network.metrics.prefix + "counts",
                                                      network.gradient.scale, conditions_beside(networks, network)));
    LOWTIDE_TRY_VOID(add_update(train, network.description, parameters_of(network), network.gradient, scale));
    LOWTIDE_TRY_VOID(append_norm_updates(train.graph, network.norm_updates, scale));
  }
  return {};
}

void make_metrics(graph::Graph& graph, const TrainNetwork& network) {
  graph.make_metric(network.loss, network.prefix + "loss");
  if (network.match.is_valid()) graph.make_metric(network.match, network.prefix + "match");
  graph.make_metric(network.correct, network.prefix + "correct");
  if (network.norm.is_valid()) graph.make_metric(network.norm, network.prefix + "gradient_norm");
}

}  // namespace

Result<TrainGraph> make_train_graph(const Phase& phase, const NetInput& input, const Phase* fixed_teacher) {
  TrainGraph train;
  graph::Graph& graph = train.graph;
  train.images = graph.input("images", f32_desc(Shape{input.batch, input.height, input.width, input.channels}));
  train.labels = graph.input("labels", {DType::u32, Shape{input.batch}});
  graph.step_block();

  std::vector<StepNetwork> networks;
  for (GuidedNetwork& description : guided_networks(phase, fixed_teacher)) {
    networks.push_back({.description = std::move(description)});
  }
  std::vector<std::string> places;
  for (StepNetwork& network : networks) {
    LOWTIDE_TRY_VOID(add_network(train, phase, input.classes, places, networks, network));
  }
  if (is_guided(phase)) LOWTIDE_TRY_VOID(add_matches(graph, phase.guidance, networks));
  const Objective objective = objective_of(phase.guidance, networks);
  LOWTIDE_TRY_VOID(graph::differentiate(graph, objective.losses, objective.weights, ops::autodiff_ops()));
  LOWTIDE_TRY_VOID(add_updates(train, networks));
  for (const StepNetwork& network : networks) {
    make_metrics(graph, network.metrics);
    train.networks.push_back(network.metrics);
  }
  return train;
}

}  // namespace lowtide::trainer
