// SPDX-License-Identifier: Apache-2.0
// Common options of the subcommands.
#include "tools/lowtide/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "engine/verify/open_device.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::program {

int report(const Error& error) {
  fmt::print(stderr, "lowtide: {}\n", error.to_string());
  switch (error.code) {
    case ErrorCode::invalid_argument:
      return kUsage;
    case ErrorCode::numeric:
      return kNumeric;
    case ErrorCode::interrupted:
      return kInterrupted;
    default:
      return kFailed;
  }
}

void set_body(CLI::App& command, Program& program, Body body) {
  command.callback([&program, body = std::move(body)] {
    const Result<int> result = body();
    program.exit_code = result ? *result : report(result.error());
  });
}

void add_device_option(CLI::App& command, DeviceOption& option) {
  command.add_option(
      "--device", option.device,
      "Vulkan device: an index of 'lowtide devices' or a part of its name; default: LOWTIDE_DEVICE, else "
      "the best one");
}

Result<std::unique_ptr<runtime::Context>> open_device(const DeviceOption& option) {
  runtime::ContextOptions options;
  options.device = option.device;
  LOWTIDE_TRY(auto context, verify::open_device(options));
  if (!option.quiet) {
    fmt::print("{}\n", context->banner());
    std::fflush(stdout);
  }
  return context;
}

void add_recipe_option(CLI::App& command, RecipeOption& option, const std::string& what) {
  command.add_option("recipe", option.path, what)->required();
  add_override_option(command, option);
}

void add_override_option(CLI::App& command, RecipeOption& option) {
  command
      .add_option("--set", option.overrides,
                  "override a recipe key: --set section.key=value, as often as needed (as optimizer.name=sgd, "
                  "training.epochs=3)")
      ->allow_extra_args(false);
}

Result<trainer::Recipe> read_recipe_option(const RecipeOption& option) {
  std::error_code error;
  const std::filesystem::path path = option.path;
  const bool is_folder = std::filesystem::is_directory(path, error);
  return trainer::read_recipe(is_folder ? trainer::RunFolder{path}.recipe() : path, option.overrides);
}

void add_data_option(CLI::App& command, std::string& data) {
  command.add_option("--data", data,
                     "folder that holds the data sets (mnist, cifar-10-batches-bin, ...); default: "
                     "LOWTIDE_DATA. The set 'glyphs' needs none");
}

void add_input_option(CLI::App& command, InputOption& option) {
  add_data_option(command, option.data);
  command.add_option("--image", option.image, "HEIGHT WIDTH CHANNELS instead of the data set's")->expected(3);
  command.add_option("--classes", option.classes, "classes, together with --image");
}

Result<trainer::NetInput> input_of(const InputOption& option, const trainer::DataOptions& data, uint32_t batch) {
  if (!option.image.empty()) {
    return trainer::NetInput{batch, option.image[0], option.image[1], option.image[2], option.classes};
  }
  auto dataset = trainer::open_dataset(data.set, trainer::data_root(option.data), data.image_size);
  if (!dataset) {
    Error error = std::move(dataset).error();
    error.reasons.push_back(
        "without the data: say what the network sees with --image HEIGHT WIDTH CHANNELS --classes N");
    return tl::unexpected(std::move(error));
  }
  return trainer::NetInput{batch, dataset->image.height, dataset->image.width, dataset->image.channels,
                           dataset->class_count()};
}

}  // namespace lowtide::program
