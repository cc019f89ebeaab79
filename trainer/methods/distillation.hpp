// SPDX-License-Identifier: Apache-2.0
// Distillation from a fixed teacher: Hinton, Vinyals, Dean 2015, "Distilling the Knowledge in a Neural Network",
// section 2. With p^T = softmax(y / T) of the teacher (F) and the student (L):
//   L = student_task CE_L + student_match T^2 KL(p_F || p_L), a mean over the batch
// which has the gradient of their cross entropy with soft targets; T^2 keeps the two terms comparable over T.
//
// The teacher is in evaluation form (running statistics, batch norm folded) and is not trained: its parameters are
// state of the program, without gradients, moments and optimiser blocks. Its network may be any other that takes the
// same images; what it is says the recipe inside the checkpoint that it comes from. Checkpoints of the run hold the
// teacher's parameters and that recipe, so that resuming needs no other file.
//
// Choices of ours: the paper finds "a considerably lower weight" on the labels best and names no number: the defaults
// are 0.3 and 0.7 at T = 4.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// Where a phase's teacher starts. Without guidance, or with a teacher that the phase's own start holds, all is empty.
struct TeacherStart {
  std::string recipe;              // of a fixed teacher: a recipe of the one phase that made it; else empty
  std::optional<Phase> fixed;      // that phase
  std::optional<Checkpoint> file;  // teacher_from = path
};

// What a phase finds when it starts.
struct TeacherSources {
  const Checkpoint* resume = nullptr;  // the run goes on within this phase: its checkpoint says everything
  const Checkpoint* before = nullptr;  // the end of the phase before
};

// Errors: a file that is no checkpoint, whose recipe cannot be read, or whose images were normalised in another way.
Result<TeacherStart> find_teacher(const Recipe& recipe, uint32_t phase, const TeacherSources& sources);

// Overwrites the teacher's tensors of `fresh` by what the start says. `from`: what the phase starts from, or null.
// Error: a start that does not fit the teacher's network.
Result<void> start_teacher(const Phase& phase, const TeacherStart& start, const Checkpoint* from,
                           const std::vector<NetParameter>& parameters, std::vector<NamedTensor>& fresh);

}  // namespace lowtide::trainer
