// SPDX-License-Identifier: Apache-2.0
// What the subcommands share: how one is added, common options, exit codes. Each subcommand has a file of its own; its
// add_* function gives CLI11 the options and a callback that leaves its exit code in `Program::exit_code`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/infer/session.hpp"
#include "engine/runtime/context.hpp"
#include "engine/tune/measure.hpp"
#include "trainer/loop/run_folder.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/recipe.hpp"

namespace CLI {
class App;
}

namespace lowtide::program {

enum ExitCode {
  kDone = 0,
  kFailed = 1,        // the world: a file, the device, memory
  kUsage = 2,         // the command line or the recipe asks for something that cannot be
  kNumeric = 3,       // a NaN or infinity stopped the run, or a proof of equal predictions failed
  kInterrupted = 130  // Ctrl-C
};

// Writes the error to stderr and gives its exit code.
int report(const Error& error);

struct Program {
  int exit_code = kDone;
};

// The bodies of subcommands: success or an error to report.
using Body = std::function<Result<int>()>;
void set_body(CLI::App& command, Program& program, Body body);

// --device, for every command that opens one.
struct DeviceOption {
  std::string device;
  bool quiet = false;
};
void add_device_option(CLI::App& command, DeviceOption& option);
// Opens the device and prints its banner unless quiet.
Result<std::unique_ptr<runtime::Context>> open_device(const DeviceOption& option);

// Where a recipe comes from: a file, or the recipe.toml of a run folder; and what --set changes.
struct RecipeOption {
  std::string path;  // recipe file or run folder
  std::vector<std::string> overrides;
};
void add_recipe_option(CLI::App& command, RecipeOption& option, const std::string& what);
void add_override_option(CLI::App& command, RecipeOption& option);  // --set alone
Result<trainer::Recipe> read_recipe_option(const RecipeOption& option);

void add_data_option(CLI::App& command, std::string& data);

// What a recipe's network sees, for commands that need no images: --image and --classes, else the recipe's data set.
struct InputOption {
  std::string data;
  std::vector<uint32_t> image;  // height, width, channels
  uint32_t classes = 10;
};
void add_input_option(CLI::App& command, InputOption& option);
Result<trainer::NetInput> input_of(const InputOption& option, const trainer::DataOptions& data, uint32_t batch);

// bench --steps: whole training steps of a recipe beside those of its network in full precision.
struct StepsOption {
  RecipeOption recipe;
  DeviceOption device;
  InputOption input;
  std::string csv;
  double seconds = 10;
  bool naive_only = false;
  bool profile = false;
};
Result<int> bench_steps(const StepsOption& options);

// bench --ceilings.
Result<int> bench_ceilings(const DeviceOption& device, double seconds, const std::string& csv);

// bench --layers: every distinct op of a recipe's training step.
struct LayersOption {
  RecipeOption recipe;
  DeviceOption device;
  InputOption input;
  std::string filter;
  std::string csv;
  double seconds = 1;
  bool naive_only = false;
};
Result<int> bench_layers(const LayersOption& options);

// bench --model: a whole packed model.
struct ModelOption {
  std::string path;
  DeviceOption device;
  std::string csv;
  uint32_t batch = 1;
  double seconds = 1;
  bool naive_only = false;
  bool profile = false;
};
Result<int> bench_model(const ModelOption& options);
// The layers of a session by kernel, and where their time went.
void print_layers(const infer::Session& session);

void add_bench(CLI::App& app, Program& program);
void add_devices(CLI::App& app, Program& program);
void add_eval(CLI::App& app, Program& program);
void add_export(CLI::App& app, Program& program);
void add_infer(CLI::App& app, Program& program);
void add_inspect(CLI::App& app, Program& program);
void add_train(CLI::App& app, Program& program);
void add_tune(CLI::App& app, Program& program);

// bench --explain and tune: a node's variants that fitted, their times, and which one is taken.
void print_times(const tune::NodeTimes& times);

}  // namespace lowtide::program
