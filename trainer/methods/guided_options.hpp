// SPDX-License-Identifier: Apache-2.0
// [guidance] as plain data. What it means is in guided.hpp and distillation.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lowtide::trainer {

enum class OptimizerKind;  // recipe.hpp

// hint, logits_mse, mutual_kl: a teacher and the recipe's network train together, each on its own loss and on how far
// it is from the other. distillation: the teacher is a trained network that stays as it is.
enum class GuidanceKind { none, hint, logits_mse, mutual_kl, distillation };

struct BitPair {
  uint32_t weights = 32;
  uint32_t activations = 32;

  friend bool operator==(const BitPair&, const BitPair&) = default;
};

// Numbers without a value take their kind's default (loss_weights in guided.hpp), or what the recipe's own network has.
struct GuidanceOptions {
  GuidanceKind kind = GuidanceKind::none;
  // loss of a side = task * its loss on the labels + match * its distance from the other side
  std::optional<double> student_task;
  std::optional<double> student_match;
  std::optional<double> teacher_task;
  std::optional<double> teacher_match;
  std::optional<double> temperature;     // mutual_kl, distillation: T of softmax(logits / T)
  std::vector<BitPair> students;         // further students beside the recipe's network; they share the teacher
  std::vector<std::string> hint_layers;  // hint: places where feature maps are compared; empty: the last two
  bool hint_quantized = true;            // hint: the teacher's map passes the student's activation quantiser first
  // Where the teacher's parameters come from: "fresh" (drawn from the seed), "previous" (the teacher that the start of
  // this phase holds, fresh where it holds none), "network" (the network that this phase starts from), or the path of a
  // checkpoint, whose network is taken.
  std::string teacher_from = "previous";
  std::string teacher_network;  // empty: the recipe's
  std::optional<double> teacher_width;
  std::optional<OptimizerKind> teacher_optimizer;
  std::optional<double> teacher_momentum;
  std::optional<double> teacher_beta1;
  std::optional<double> teacher_beta2;
  std::optional<double> teacher_weight_decay;
  std::optional<double> teacher_rate;        // schedule.rate
  std::vector<uint32_t> teacher_milestones;  // schedule.milestones; empty: the recipe's

  friend bool operator==(const GuidanceOptions&, const GuidanceOptions&) = default;
};

}  // namespace lowtide::trainer
