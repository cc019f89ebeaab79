// SPDX-License-Identifier: Apache-2.0
// Guided training: a full-precision network (the teacher) and one or several low-bit networks (students) learn together
// on the same batch, in one recorded program.
//
// Zhuang, Shen, Tan, Liu, Reid 2018, "Towards Effective Low-bitwidth Convolutional Neural Networks" (CVPR), and its
// extension Zhuang, Tan, Liu, Liu, Reid, Shen 2021, "Effective Training of CNNs with Low-bitwidth Weights and
// Activations" (TPAMI). The equations are those of the authors' published code; J students, y logits, p^T =
// softmax(y / T), phi feature maps, sg(.) a constant:
//   student j   L_j = student_task CE_j + student_match D(student j, sg(teacher))
//   teacher     L_F = teacher_task CE_F + teacher_match 1/J sum_j D(teacher, sg(student j))
//   hint        D = sum over places of mean (phi_L - Q(phi_F))^2; Q the student's activation quantiser, whose
//               straight-through gradient the teacher gets (inside [0, 1] for DoReFa)
//   logits_mse  D = mean (y_j - y_F)^2
//   mutual_kl   student: T^2 KL(p_F || p_j), teacher: T^2 KL(p_j || p_F), means over the batch
// No gradient crosses between the networks: the other side's signal is always a constant. All terms come from the
// parameters before the update, so the order of the updates does not matter. A step in which one network's loss,
// distance or gradient is not finite leaves all networks alone.
//
// Published settings: CIFAR-100 mutual_kl 0.7, 0.7, 1, 0.5 (student task and match, teacher task and match), T = 1,
// logits_mse 0.3, 0.1, 1, 0.1; these are the defaults. SGD with Nesterov momentum 0.9, rate 0.1 for both sides,
// students of 2 and 4 bits.
//
// Choices of ours where the sources are silent or differ:
//   hint's weights are 1 for every term; phi_L is the student's map behind its quantiser, in real numbers (level * step
//   * scale), which is what its next layer sees; with hint_quantized = false the teacher's map is the one behind its
//   own activation. Places are the last two stages or pools; their names are NetContext::mark's. The bits at a place
//   are those of the recipe, or of the [[quantization.layers]] entry whose pattern matches the place. Further students
//   have the recipe's quantisers, optimiser and schedule, and bits of their own.
#pragma once

#include <string>
#include <vector>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// The weights of the losses and the temperature, defaults filled in.
struct LossWeights {
  double student_task = 1;
  double student_match = 0;
  double teacher_task = 1;
  double teacher_match = 0;
  double temperature = 1;
};
LossWeights loss_weights(const GuidanceOptions& guidance);

bool is_guided(const Phase& phase);
bool has_trained_teacher(const Phase& phase);

inline constexpr std::string_view kTeacherPrefix = "teacher/";

// A network of a training step. The first is the recipe's own, whose names have no prefix: evaluation, checkpoints,
// hand-over and export see nothing of the others. The teacher is "teacher/", further students "student2/", ...
struct GuidedNetwork {
  NetScope scope;
  Phase phase;  // network, quantisation and optimiser of this network
  bool is_teacher = false;
};
// `fixed_teacher`: of a distillation, the phase that made the teacher; else null.
std::vector<GuidedNetwork> guided_networks(const Phase& phase, const Phase* fixed_teacher);

// teacher_from as it counts: a phase that continues another one keeps its teacher.
std::string teacher_source(const Phase& phase);

// What becomes of a parameter of a network beside the recipe's own when another phase starts from it.
HandOver guided_hand_over(const GuidedNetwork& network, const Phase& phase, HandOver own);

// The schedule that a trained teacher follows.
ScheduleOptions teacher_schedule(const Phase& phase);
OptimizerOptions teacher_optimizer(const Phase& phase);

// Sentences for what cannot stand together; `where` starts each. `before`: the phase in front, null for the first.
void check_guidance(const std::string& where, const Phase* before, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
