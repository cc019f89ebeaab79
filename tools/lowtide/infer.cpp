// SPDX-License-Identifier: Apache-2.0
// lowtide infer MODEL [IMAGE...]: a packed model on image files, or on a data set's test images.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numeric>

#include "engine/base/stopwatch.hpp"
#include "engine/infer/session.hpp"
#include "tools/lowtide/command.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/data/image_file.hpp"
#include "trainer/loop/run.hpp"
#include "trainer/loop/run_folder.hpp"

namespace lowtide::program {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> images;
  std::string set;
  std::string data;
  DeviceOption device;
  uint32_t batch = 0;
  uint32_t top = 5;
  bool verbose = false;
};

void print_top(const infer::Session& session, const std::string& image, std::span<const float> logits, uint32_t top) {
  std::vector<uint32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return logits[a] > logits[b]; });
  order.resize(std::min<size_t>(order.size(), top));
  fmt::print("{}\n", image);
  for (const uint32_t c : order) {
    const auto& names = session.info().class_names;
    fmt::print("  {:>9.4f}  {}\n", logits[c], names.empty() ? fmt::format("class {}", c) : names[c]);
  }
}

Result<int> infer_images(const Options& options, infer::Session& session) {
  const model::ModelInfo& info = session.info();
  if (info.height != info.width || info.channels != 3) {
    return fail(
        ErrorCode::unsupported,
        fmt::format(
            "the model reads {}x{} images of {} channels; image files give squares of 3 channels. Name a data set "
            "with --set instead",
            info.height, info.width, info.channels));
  }
  for (const std::string& image : options.images) {
    std::vector<uint8_t> pixels(session.image_elements());
    LOWTIDE_TRY_VOID(trainer::decode_image_file(image, info.height, pixels));
    LOWTIDE_TRY(const std::vector<float> logits, session.run(std::span<const uint8_t>(pixels)));
    print_top(session, image, logits, options.top);
  }
  return kDone;
}

Result<int> infer_set(const trainer::Dataset& dataset, infer::Session& session) {
  const model::ModelInfo& info = session.info();
  if (dataset.image != trainer::ImageShape{info.height, info.width, info.channels} ||
      dataset.class_count() != info.classes) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the model reads {}x{}x{} images of {} classes, but {} has {}x{}x{} and {}", info.height,
                            info.width, info.channels, info.classes, dataset.name, dataset.image.height,
                            dataset.image.width, dataset.image.channels, dataset.class_count()));
  }
  const uint64_t image = session.image_elements();
  const uint32_t count = dataset.test.count();
  uint64_t correct = 0;
  double seconds = 0;
  for (uint32_t first = 0; first < count; first += session.batch()) {
    const uint32_t n = std::min(session.batch(), count - first);
    std::vector<uint8_t> pixels(n * image);
    for (uint32_t i = 0; i < n; ++i) {
      LOWTIDE_TRY_VOID(
          trainer::read_image(dataset, dataset.test, first + i, std::span(pixels).subspan(i * image, image)));
    }
    const Stopwatch watch;
    LOWTIDE_TRY(const std::vector<float> logits, session.run(std::span<const uint8_t>(pixels)));
    seconds += watch.seconds();
    for (uint32_t i = 0; i < n; ++i) {
      const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(i * info.classes);
      const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(info.classes)) - begin;
      correct += static_cast<uint32_t>(best) == dataset.test.labels[first + i] ? 1 : 0;
    }
  }
  fmt::print("{}: accuracy {:.2f} % ({} of {} test images), {:.0f} images/s in batches of {}\n", dataset.name,
             100.0 * static_cast<double>(correct) / count, correct, count, count / seconds, session.batch());
  return kDone;
}

Result<int> infer(const Options& options) {
  std::filesystem::path path = options.model;
  std::optional<trainer::Dataset> dataset;
  uint32_t batch = options.batch;
  if (std::filesystem::is_directory(path)) {
    if (options.images.empty() && options.set.empty()) {  // a run's folder: the data set of its recipe
      LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option({.path = options.model}));
      LOWTIDE_TRY(dataset, trainer::open_recipe_data(recipe, trainer::data_root(options.data)));
      if (batch == 0) batch = recipe.data.eval_batch;
    }
    path /= "model.safetensors";
  }
  if (!options.set.empty()) {
    LOWTIDE_TRY(dataset, trainer::open_dataset(options.set, trainer::data_root(options.data)));
  }
  if (!dataset && options.images.empty()) {
    return fail(ErrorCode::invalid_argument,
                "there is nothing to infer: name image files, a data set with --set, or a run's folder");
  }
  if (batch == 0) batch = dataset ? 100 : 1;
  LOWTIDE_TRY(const auto context, open_device(options.device));
  LOWTIDE_TRY(const auto session, infer::Session::open(*context, path, {.batch = batch, .profile = options.verbose}));
  LOWTIDE_TRY(const int code, dataset ? infer_set(*dataset, *session) : infer_images(options, *session));
  if (options.verbose) print_layers(*session);
  return code;
}

}  // namespace

void add_infer(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("infer", "run a packed model on images or on a data set's test images");
  command.add_option("model", options->model, "packed model file, or the folder of a run")->required();
  command.add_option("images", options->images, "image files (JPEG or PNG)");
  command.add_option("--set", options->set, "data set whose test images to classify: glyphs, mnist, cifar10, ...");
  add_data_option(command, options->data);
  add_device_option(command, options->device);
  command.add_option("--batch", options->batch,
                     "images per submission; default: 1 for files, the recipe's or 100 for a data set");
  command.add_option("--top", options->top, "classes to print for an image")->capture_default_str();
  command.add_flag("-v,--verbose", options->verbose, "which kernel each layer runs with, and its time");
  set_body(command, program, [options] { return infer(*options); });
}

}  // namespace lowtide::program
