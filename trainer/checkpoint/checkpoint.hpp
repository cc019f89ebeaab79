// SPDX-License-Identifier: Apache-2.0
// Checkpoint: everything a run needs to go on as if it had never stopped, as one safetensors file. Random numbers are
// functions of (seed, position), so the seed and the position are the whole state of the generator. No clock and no
// path is in it: equal runs write equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/tensor/desc.hpp"

namespace lowtide::trainer {

// What is done next.
struct RunPosition {
  uint64_t phase = 0;
  uint64_t epoch = 0;  // of the phase
  uint64_t batch = 0;  // of the epoch
  uint64_t step = 0;   // optimiser steps of the phase that are done

  friend bool operator==(const RunPosition&, const RunPosition&) = default;
};

// Sums over the steps of the current epoch that are done, so that a resumed epoch reports like an uninterrupted one.
struct EpochSums {
  double loss = 0;  // of the batches' mean losses
  uint64_t correct = 0;
  uint64_t images = 0;
  uint64_t steps = 0;
  // Guided training: of the matching term, and of the teacher's correct images.
  double match = 0;
  uint64_t teacher_correct = 0;

  friend bool operator==(const EpochSums&, const EpochSums&) = default;
};

struct RunState {
  uint64_t seed = 0;
  RunPosition position;
  EpochSums sums;
  double rate_factor = 1;  // product of the reductions that the NaN policy made
  // Share of correct test images of the best evaluation so far among the phases that make the recipe's target
  // (is_target); -1: none yet.
  double best_accuracy = -1;
  uint64_t best_epoch = 0;  // epochs of the run, over all phases, that were done then

  friend bool operator==(const RunState&, const RunState&) = default;
};

// A persistent value of the training graph by name: "conv1.weight", "moment0/conv1.weight", "conv1.running_mean".
struct NamedTensor {
  std::string name;
  TensorDesc desc;
  std::vector<std::byte> bytes;
};

struct Checkpoint {
  RunState state;
  std::string network;  // of the recipe, for messages and `lowtide inspect`
  std::string recipe;   // the whole recipe as TOML
  std::string teacher;  // distillation: a recipe whose one phase makes the fixed teacher; else empty
  std::vector<NamedTensor> tensors;

  const NamedTensor* find(std::string_view name) const;
};

// Writes atomically.
Result<void> save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

// Errors: not a safetensors file, damaged, a file of another kind (a packed model), of another format version, or
// entries that are missing or out of range. Whether it fits a network is match_tensors' question.
Result<Checkpoint> load_checkpoint(const std::filesystem::path& path);

// Whether the checkpoint holds exactly the tensors that a network wants. `wanted`: names and descriptions. Error: a
// sentence with a reason for each tensor that is missing, superfluous or of another shape. `allow_more`: tensors that
// nothing asks for do not matter (evaluation needs no moments).
Result<void> match_tensors(const Checkpoint& checkpoint, const std::vector<NamedTensor>& wanted, bool allow_more,
                           std::string_view source);

}  // namespace lowtide::trainer
