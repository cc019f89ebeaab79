// SPDX-License-Identifier: Apache-2.0
// lowtide train RECIPE: a run from a recipe, or the rest of one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/tune/tuning_file.hpp"
#include "tools/lowtide/command.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/interrupt.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  DeviceOption device;
  std::string data;
  std::string run_folder;
  bool resume = false;
  bool replace = false;
  uint64_t stop_after = 0;
};

Result<int> train(const Options& options) {
  LOWTIDE_TRY(trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const auto context, open_device(options.device));
  trainer::RunOptions run;
  run.folder.path = options.run_folder;
  if (options.run_folder.empty()) run.folder.path = std::filesystem::path("runs") / recipe.name;
  run.recipe = std::move(recipe);
  run.data = trainer::data_root(options.data);
  run.resume = options.resume;
  if (!options.resume) {
    LOWTIDE_TRY(run.tuning, tune::find_tuning(*context));
  }
  run.replace = options.replace;
  run.stop_after_epochs = options.stop_after;
  run.should_stop = trainer::Interrupt::is_requested;
  const trainer::Interrupt interrupt;
  LOWTIDE_TRY(const trainer::RunSummary summary, trainer::run_training(*context, run));
  if (summary.is_interrupted) {
    fmt::print("interrupted; go on with: lowtide train {} --run-dir {} --resume\n", options.recipe.path,
               run.folder.path.string());
    return kInterrupted;
  }
  const runtime::PipelineCost cost = context->pipeline_cost();
  fmt::print("pipelines: {} in {:.2f} s ({})\n", cost.pipelines, cost.seconds,
             cost.has_disk_cache ? "with the disk cache of an earlier start" : "first start");
  fmt::print("{}; run folder: {}\n", trainer::best_text(run.recipe, summary), run.folder.path.string());
  return kDone;
}

}  // namespace

void add_train(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("train", "train a network from a recipe");
  add_recipe_option(command, options->recipe, "recipe file (TOML), or the folder of a run");
  add_device_option(command, options->device);
  add_data_option(command, options->data);
  command.add_option("--run-dir", options->run_folder, "folder of the run; default: runs/<name of the recipe>");
  command.add_flag("--resume", options->resume, "go on from the folder's last checkpoint");
  command.add_flag("--replace", options->replace, "drop what the folder holds of an earlier run");
  command.add_option("--stop-after", options->stop_after, "stop with a checkpoint after so many epochs of this call");
  set_body(command, program, [options] { return train(*options); });
}

}  // namespace lowtide::program
