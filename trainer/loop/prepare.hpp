// SPDX-License-Identifier: Apache-2.0
// What a phase's networks need before its first step beyond parameters that were drawn or handed over: learned steps
// calibrated, running statistics re-estimated (trainer/methods/learned_step.hpp says how). Forward passes of graphs of
// their own on training batches; a pure function of recipe, data and tensors. A phase that is resumed is not prepared
// again.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/runtime/context.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {

struct Preparation {
  runtime::Context& context;
  const Phase& phase;
  NetInput input;  // of a training batch
  uint64_t seed = 0;
  const Dataset& dataset;
  BatchOptions batches = {};             // of training batches, whose images the host makes
  uint64_t epoch = 0;                    // of those batches, the phase's first
  const Phase* fixed_teacher = nullptr;  // of a distillation
};

// Sets the steps and bounds among `parameters` that are not named in `handed_over`, then the running statistics, in
// `tensors`, which hold everything else that the networks start with. Latents, norms and biases stay as they are.
// Errors: a magnitude that is not finite; those of planning and of the data.
Result<void> prepare_phase(const Preparation& preparation, const std::vector<NetParameter>& parameters,
                           const std::set<std::string>& handed_over, std::vector<NamedTensor>& tensors);

// Replaces the running statistics of students among `tensors` by the average over `batches` batches; a teacher's stay,
// whose precision is what it was.
Result<void> reestimate_norms(const Preparation& preparation, uint32_t batches, std::vector<NamedTensor>& tensors);

}  // namespace lowtide::trainer
