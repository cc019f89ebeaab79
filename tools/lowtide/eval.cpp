// SPDX-License-Identifier: Apache-2.0
// lowtide eval RUN: the accuracy of a checkpoint on its test images, in the training graph's evaluation.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowtide/command.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/load_evaluator.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  DeviceOption device;
  std::string data;
  std::string checkpoint;
};

Result<int> eval(const Options& options) {
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const trainer::Dataset dataset, trainer::open_recipe_data(recipe, trainer::data_root(options.data)));
  std::filesystem::path path = options.checkpoint;
  if (path.empty()) {
    LOWTIDE_TRY(path, trainer::RunFolder{options.recipe.path}.best_or_last());
  }
  LOWTIDE_TRY(const auto context, open_device(options.device));
  LOWTIDE_TRY(const auto evaluator, trainer::load_evaluator(*context, recipe, dataset, path));
  LOWTIDE_TRY(const auto queue,
              trainer::BatchQueue::open(dataset, dataset.test, trainer::eval_batch_options(recipe.data)));
  LOWTIDE_TRY(const trainer::Evaluation result, evaluator->evaluate(*queue));
  fmt::print("{}: loss {:.4f}, accuracy {:.2f} % ({} of {} images), {:.0f} images/s\n", path.string(), result.loss,
             100 * result.accuracy(), result.correct, result.images,
             static_cast<double>(result.images) / result.seconds);
  return kDone;
}

}  // namespace

void add_eval(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("eval", "accuracy of a checkpoint on the test images");
  add_recipe_option(command, options->recipe, "folder of a run, or a recipe file together with --checkpoint");
  add_device_option(command, options->device);
  add_data_option(command, options->data);
  command.add_option("--checkpoint", options->checkpoint,
                     "checkpoint file; default: the run's best, else its last one");
  set_body(command, program, [options] { return eval(*options); });
}

}  // namespace lowtide::program
