// SPDX-License-Identifier: Apache-2.0
// lowtide export RUN: checkpoint -> packed model, a table of what each layer became, and the proof that both predict
// alike.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/lowtide/command.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  DeviceOption device;
  std::string data;
  std::string checkpoint;
  std::string output;
  uint64_t prove = 0;
  bool skip_proof = false;
};

void print_report(const trainer::ExportReport& report) {
  fmt::print("{:<24} {:<42} {:>5} {:>12} {:>12} {:>12}\n", "layer", "form", "bits", "weights", "bytes", "ideal");
  for (const trainer::PackedLayerReport& layer : report.layers) {
    fmt::print("{:<24} {:<42} {:>5} {:>12} {:>12} {:>12}\n", layer.name, layer.form, layer.weight_bits, layer.weights,
               layer.bytes, layer.ideal_bytes);
  }
}

Result<int> export_run(const Options& options) {
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const trainer::Dataset dataset, trainer::open_recipe_data(recipe, trainer::data_root(options.data)));
  std::filesystem::path checkpoint = options.checkpoint;
  if (checkpoint.empty()) {
    LOWTIDE_TRY(checkpoint, trainer::RunFolder{options.recipe.path}.best_or_last());
  }
  std::filesystem::path target = options.output;
  if (target.empty()) {
    const std::filesystem::path given = options.recipe.path;
    target = (std::filesystem::is_directory(given) ? given : given.parent_path()) / "model.safetensors";
  }
  LOWTIDE_TRY(const auto context, open_device(options.device));
  LOWTIDE_TRY(const trainer::ExportReport report, trainer::export_model(*context, recipe, dataset, checkpoint, target));
  print_report(report);
  fmt::print("{}: {} bytes packed, {} bytes of parameters in f32, {:.1f} times smaller\n", target.string(),
             report.file_bytes, report.float_bytes,
             static_cast<double>(report.float_bytes) / static_cast<double>(report.file_bytes));
  if (options.skip_proof) return kDone;
  LOWTIDE_TRY(const trainer::Parity parity,
              trainer::prove_parity(*context, recipe, dataset, checkpoint, target, options.prove));
  const auto images = static_cast<double>(parity.images);
  fmt::print("packed model: accuracy {:.2f} % ({} of {} test images)\n",
             100 * static_cast<double>(parity.correct) / images, parity.correct, parity.images);
  fmt::print("throughput on this device: evaluation in f32 {:.0f} images/s, packed {:.0f} images/s\n",
             images / parity.evaluation_seconds, images / parity.packed_seconds);
  if (parity.is_exact()) {
    fmt::print("proof: predictions and logits of all {} images equal the training graph's evaluation, bit for bit\n",
               parity.images);
    return kDone;
  }
  fmt::print(stderr,
             "error: of {} images {} have other predictions and {} other logits than the training graph's evaluation; "
             "the packed model must not be used\n",
             parity.images, parity.different_predictions, parity.different_logits);
  return kNumeric;
}

}  // namespace

void add_export(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("export", "make a packed model of a checkpoint and prove that it predicts alike");
  add_recipe_option(command, options->recipe, "folder of a run, or a recipe file together with --checkpoint");
  add_device_option(command, options->device);
  add_data_option(command, options->data);
  command.add_option("--checkpoint", options->checkpoint,
                     "checkpoint file; default: the run's best, else its last one");
  command.add_option("--output", options->output, "file to write; default: model.safetensors in the run's folder");
  command.add_option("--prove", options->prove, "test images to compare; 0: all")->capture_default_str();
  command.add_flag("--skip-proof", options->skip_proof, "write the file without comparing predictions");
  set_body(command, program, [options] { return export_run(*options); });
}

}  // namespace lowtide::program
