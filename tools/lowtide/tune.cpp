// SPDX-License-Identifier: Apache-2.0
// lowtide tune MODEL|RECIPE: measures the variants of the kernels of a packed model, or of a recipe's training steps,
// on a device, and keeps the best ones in a file that later runs on that device find by themselves.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/model/packed_model.hpp"
#include "engine/tune/measure.hpp"
#include "engine/tune/tuning_file.hpp"
#include "tools/lowtide/command.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/methods/distillation.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  DeviceOption device;
  InputOption input;
  std::string output;
  uint32_t batch = 0;
  double seconds = 30;
};

Result<std::vector<graph::Graph>> graphs_of(const Options& options, bool is_model) {
  std::vector<graph::Graph> graphs;
  if (is_model) {
    LOWTIDE_TRY(const model::PackedModel model, model::PackedModel::open(options.recipe.path));
    LOWTIDE_TRY(graph::Graph graph, model.make_graph(options.batch == 0 ? 1 : options.batch));
    graphs.push_back(std::move(graph));
    return graphs;
  }
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  const uint32_t batch = options.batch == 0 ? recipe.data.batch : options.batch;
  LOWTIDE_TRY(const trainer::NetInput input, input_of(options.input, recipe.data, batch));
  for (uint32_t i = 0; i < recipe.phases.size(); ++i) {
    LOWTIDE_TRY(const trainer::TeacherStart teacher, trainer::find_teacher(recipe, i, {}));
    const trainer::Phase* fixed = teacher.fixed ? &*teacher.fixed : nullptr;
    LOWTIDE_TRY(trainer::TrainGraph train, trainer::make_train_graph(recipe.phases[i], input, fixed));
    graphs.push_back(std::move(train.graph));
  }
  return graphs;
}

// What the file holds already stays, but for what is measured anew; a file of another device is replaced.
graph::Tuning kept_tuning(const std::filesystem::path& path, const tune::Subject& subject) {
  auto kept = tune::load_tuning_file(path, subject);
  if (kept) return std::move(*kept);
  if (kept.error().code != ErrorCode::not_found) fmt::print("{}; it is replaced\n", kept.error().text);
  return {};
}

Result<int> tune(const Options& options) {
  const bool is_model = std::filesystem::path(options.recipe.path).extension() == ".safetensors";
  LOWTIDE_TRY(const std::vector<graph::Graph> graphs, graphs_of(options, is_model));
  LOWTIDE_TRY(const auto context, open_device(options.device));
  const tune::Subject subject = tune::subject_of(*context);
  const std::filesystem::path path =
      options.output.empty() ? tune::default_tuning_file(*context, subject) : std::filesystem::path(options.output);
  if (path.empty()) {
    return fail(ErrorCode::invalid_argument,
                "there is no cache folder to keep the choices in; name a file by --output");
  }
  graph::Tuning tuning = kept_tuning(path, subject);
  const double each = options.seconds / static_cast<double>(graphs.size());
  for (const graph::Graph& graph : graphs) {
    LOWTIDE_TRY(const tune::TuneResult result,
                tune::tune_graph(*context, graph, {.seconds = each, .exact_only = is_model, .report = print_times}));
    for (const auto& [signature, variant] : result.tuning.by_node) tuning.by_node[signature] = variant;
    fmt::print("{} distinct nodes measured, a variant beats the rule's in {}, no time was left for {}\n",
               result.measured, result.changed, result.left);
  }
  LOWTIDE_TRY_VOID(tune::save_tuning_file(path, tuning, subject));
  fmt::print("{} choices in {}{}\n", tuning.by_node.size(), path.string(),
             options.output.empty() ? "" : "; use it by LOWTIDE_TUNING=FILE");
  return kDone;
}

}  // namespace

void print_times(const tune::NodeTimes& times) {
  fmt::print("  {}: {}\n", times.node, times.signature);
  for (size_t i = 0; i < times.variants.size(); ++i) {
    const tune::VariantTime& v = times.variants[i];
    const std::string time =
        v.passes > 0 ? fmt::format("{:.4f} ms, best of {}", 1e3 * v.seconds, v.passes) : "not timed";
    fmt::print("    {} {:<14} {:<28} {}{}{}\n", i == times.best ? '*' : ' ', v.name, time, v.kernels,
               i == 0 ? ", by the rules" : "",
               !v.error.empty() ? ", " + v.error
               : v.is_right     ? ""
                                : ", its numbers differ from the rule's");
  }
  std::fflush(stdout);
}

void add_tune(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("tune", "measure which kernels are fastest for a model or recipe on a device");
  add_recipe_option(command, options->recipe, "packed model (.safetensors), recipe or run folder");
  add_device_option(command, options->device);
  add_input_option(command, options->input);
  command.add_option("--batch", options->batch, "images of a submission; default: 1, or the recipe's");
  command.add_option("--seconds", options->seconds, "time for all of it")
      ->check(CLI::Range(0.1, 36000.0))
      ->capture_default_str();
  command.add_option("--output", options->output, "file to write; default: the one that later runs find by themselves");
  set_body(command, program, [options] { return tune(*options); });
}

}  // namespace lowtide::program
