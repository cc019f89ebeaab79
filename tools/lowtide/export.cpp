// SPDX-License-Identifier: Apache-2.0
// lowtide export RUN: checkpoint -> packed model, a table of what each layer became, and the proof that both predict
// alike. With --untrained the network is the one that the recipe starts with, and needs neither run nor data: a packed
// model to time.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "tools/lowtide/command.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"
#include "trainer/export/untrained.hpp"
#include "trainer/loop/load_evaluator.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  DeviceOption device;
  InputOption input;
  bool untrained = false;
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

constexpr uint32_t kNoiseImages = 4;

Result<trainer::Dataset> open_data(const Options& options, trainer::Recipe& recipe) {
  const std::vector<uint32_t>& image = options.input.image;
  if (image.empty()) return trainer::open_recipe_data(recipe, trainer::data_root(options.input.data));
  if (!options.untrained) {
    return fail(ErrorCode::invalid_argument,
                "--image describes the images of an --untrained network; a trained one reads those of its data set");
  }
  if (std::min({image[0], image[1], image[2], options.input.classes}) == 0) {
    return fail(ErrorCode::invalid_argument, "--image and --classes must be above 0");
  }
  recipe.data.eval_batch = std::min(recipe.data.eval_batch, kNoiseImages);
  recipe.data.normalize = trainer::Normalization::standard;
  return trainer::noise_images({image[0], image[1], image[2]}, options.input.classes, kNoiseImages, recipe.seed);
}

Result<std::vector<trainer::NamedTensor>> read_tensors(const Options& options, const trainer::Recipe& recipe,
                                                       const trainer::Dataset& dataset) {
  if (options.untrained) {
    if (options.checkpoint.empty()) return trainer::untrained_tensors(recipe, dataset);
    return fail(ErrorCode::invalid_argument, "--untrained and --checkpoint exclude each other; name one");
  }
  std::filesystem::path checkpoint = options.checkpoint;
  if (checkpoint.empty()) {
    LOWTIDE_TRY(checkpoint, trainer::RunFolder{options.recipe.path}.best_or_last());
  }
  return trainer::load_tensors(recipe, dataset, checkpoint);
}

Result<int> export_run(const Options& options) {
  LOWTIDE_TRY(trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const trainer::Dataset dataset, open_data(options, recipe));
  LOWTIDE_TRY(const auto tensors, read_tensors(options, recipe, dataset));
  std::filesystem::path target = options.output;
  if (target.empty()) {
    const std::filesystem::path given = options.recipe.path;
    target = (std::filesystem::is_directory(given) ? given : given.parent_path()) / "model.safetensors";
  }
  LOWTIDE_TRY(const auto context, open_device(options.device));
  LOWTIDE_TRY(const trainer::ExportReport report, trainer::export_model(*context, recipe, dataset, tensors, target));
  print_report(report);
  fmt::print("{}: {} bytes packed, {} bytes of parameters in f32, {:.1f} times smaller\n", target.string(),
             report.file_bytes, report.float_bytes,
             static_cast<double>(report.float_bytes) / static_cast<double>(report.file_bytes));
  if (options.skip_proof) return kDone;
  LOWTIDE_TRY(const trainer::Parity parity,
              trainer::prove_parity(*context, recipe, dataset, tensors, target, options.prove));
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
  add_input_option(command, options->input);
  command.add_flag("--untrained", options->untrained,
                   "the network as the recipe starts it, to time it packed; with --image no data set is read and the "
                   "proof is on noise");
  command.add_option("--checkpoint", options->checkpoint,
                     "checkpoint file; default: the run's best, else its last one");
  command.add_option("--output", options->output, "file to write; default: model.safetensors in the run's folder");
  command.add_option("--prove", options->prove, "test images to compare; 0: all")->capture_default_str();
  command.add_flag("--skip-proof", options->skip_proof, "write the file without comparing predictions");
  set_body(command, program, [options] { return export_run(*options); });
}

}  // namespace lowtide::program
