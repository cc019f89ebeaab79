// SPDX-License-Identifier: Apache-2.0
// From [guidance] to networks, weights and optimisers.
#include "trainer/methods/guided.hpp"

#include <fmt/format.h>

namespace lowtide::trainer {
namespace {

Phase teacher_phase(const Phase& phase) {
  const GuidanceOptions& guidance = phase.guidance;
  Phase teacher = phase;
  if (!guidance.teacher_network.empty()) teacher.network.name = guidance.teacher_network;
  teacher.network.width = guidance.teacher_width.value_or(phase.network.width);
  // Full precision; what else is said of quantisers stays, since they meet the teacher's maps in a hint.
  teacher.quantization.weight_bits = teacher.quantization.activation_bits = kFloatBits;
  teacher.quantization.first_layer = teacher.quantization.last_layer = teacher.quantization.image_bits = kFloatBits;
  teacher.quantization.layers.clear();
  teacher.stochastic = {};
  teacher.expansion = {};
  teacher.optimizer = teacher_optimizer(phase);
  teacher.schedule = teacher_schedule(phase);
  return teacher;
}

Phase student_phase(const Phase& phase, const BitPair& bits) {
  Phase student = phase;
  student.quantization.weight_bits = bits.weights;
  student.quantization.activation_bits = bits.activations;
  return student;
}

GuidedNetwork network_of(std::string prefix, Phase phase) {
  GuidedNetwork network;
  network.scope.prefix = std::move(prefix);
  network.phase = std::move(phase);
  return network;
}

LossWeights default_weights(GuidanceKind kind) {
  switch (kind) {
    case GuidanceKind::none:
      break;
    case GuidanceKind::hint:
      return {.student_match = 1, .teacher_match = 1};  // ours
    case GuidanceKind::logits_mse:
      return {.student_task = 0.3, .student_match = 0.1, .teacher_match = 0.1};  // the authors' CIFAR-100 configuration
    case GuidanceKind::mutual_kl:
      return {.student_task = 0.7, .student_match = 0.7, .teacher_match = 0.5};  // likewise
    case GuidanceKind::distillation:
      return {.student_task = 0.3, .student_match = 0.7, .temperature = 4};  // ours: distillation.hpp
  }
  return {};
}

}  // namespace

LossWeights loss_weights(const GuidanceOptions& guidance) {
  LossWeights weights = default_weights(guidance.kind);
  weights.student_task = guidance.student_task.value_or(weights.student_task);
  weights.student_match = guidance.student_match.value_or(weights.student_match);
  weights.teacher_task = guidance.teacher_task.value_or(weights.teacher_task);
  weights.teacher_match = guidance.teacher_match.value_or(weights.teacher_match);
  weights.temperature = guidance.temperature.value_or(weights.temperature);
  return weights;
}

bool is_guided(const Phase& phase) {
  return phase.guidance.kind != GuidanceKind::none;
}

bool has_trained_teacher(const Phase& phase) {
  return is_guided(phase) && phase.guidance.kind != GuidanceKind::distillation;
}

std::vector<GuidedNetwork> guided_networks(const Phase& phase, const Phase* fixed_teacher) {
  std::vector<GuidedNetwork> networks;
  networks.push_back(network_of("", phase));
  if (!is_guided(phase)) return networks;
  LOWTIDE_CHECK(has_trained_teacher(phase) == (fixed_teacher == nullptr), "a teacher is either trained or fixed");
  GuidedNetwork teacher =
      network_of(std::string(kTeacherPrefix), fixed_teacher != nullptr ? *fixed_teacher : teacher_phase(phase));
  teacher.scope.is_frozen = fixed_teacher != nullptr;
  teacher.is_teacher = true;
  networks.push_back(std::move(teacher));
  for (size_t i = 0; i < phase.guidance.students.size(); ++i) {
    networks.push_back(network_of(fmt::format("student{}/", i + 2), student_phase(phase, phase.guidance.students[i])));
  }
  return networks;
}

std::string teacher_source(const Phase& phase) {
  return phase.initialize_from == "continue" ? "previous" : phase.guidance.teacher_from;
}

HandOver guided_hand_over(const GuidedNetwork& network, const Phase& phase, HandOver own) {
  if (own == HandOver::never) return own;
  if (!network.is_teacher) return HandOver::optional;
  if (teacher_source(phase) != "previous") return HandOver::never;  // methods/distillation.hpp fetches it elsewhere
  return network.scope.is_frozen ? HandOver::required : HandOver::optional;
}

ScheduleOptions teacher_schedule(const Phase& phase) {
  ScheduleOptions schedule = phase.schedule;
  schedule.rate = phase.guidance.teacher_rate.value_or(schedule.rate);
  if (!phase.guidance.teacher_milestones.empty()) schedule.milestones = phase.guidance.teacher_milestones;
  return schedule;
}

OptimizerOptions teacher_optimizer(const Phase& phase) {
  const GuidanceOptions& guidance = phase.guidance;
  OptimizerOptions optimizer = phase.optimizer;
  optimizer.name = guidance.teacher_optimizer.value_or(optimizer.name);
  optimizer.nesterov = optimizer.nesterov && optimizer.name == OptimizerKind::sgd;
  optimizer.momentum = guidance.teacher_momentum.value_or(optimizer.momentum);
  optimizer.beta1 = guidance.teacher_beta1.value_or(optimizer.beta1);
  optimizer.beta2 = guidance.teacher_beta2.value_or(optimizer.beta2);
  optimizer.weight_decay = guidance.teacher_weight_decay.value_or(optimizer.weight_decay);
  return optimizer;
}

}  // namespace lowtide::trainer
