// SPDX-License-Identifier: Apache-2.0
// A whole training run: recipe, data, phases one after the other, a run folder.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/graph/tuning.hpp"
#include "engine/runtime/context.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/run_folder.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct RunOptions {
  Recipe recipe;
  RunFolder folder;
  std::filesystem::path data;         // folder of the data sets; may be empty for those that need none
  graph::Tuning tuning = {};          // choices of kernels; the folder keeps them, and a resumed run takes the folder's
  bool resume = false;                // go on from the folder's last checkpoint
  bool replace = false;               // drop what the folder holds of an earlier run; otherwise that is an error
  uint64_t stop_after_epochs = 0;     // stop with a checkpoint after so many epochs of this call; 0: never
  std::FILE* output = stdout;         // progress; null: none
  std::function<bool()> should_stop;  // asked between steps; true: finish the step, save, return
};

struct RunSummary {
  Evaluation last;            // no images where no epoch ended in this call
  double best_accuracy = -1;  // of the target network; -1: it was not evaluated yet
  uint64_t best_epoch = 0;    // over all phases
  bool is_interrupted = false;
};

// Opens the recipe's data set below `root` and cuts it as the recipe says.
Result<Dataset> open_recipe_data(const Recipe& recipe, const std::filesystem::path& root);

// "best test accuracy: 91.72 % after epoch 9"; with phases whose network it is of, and in which phase it was.
std::string best_text(const Recipe& recipe, const RunSummary& summary);

Result<RunSummary> run_training(runtime::Context& context, const RunOptions& options);

}  // namespace lowtide::trainer
