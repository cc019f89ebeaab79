// SPDX-License-Identifier: Apache-2.0
// lowtide bench: rate, bytes and share of the ceiling of every op in tools/bench/op_table.cpp, on one device, in one
// run. On a software driver the ceiling is what a native loop reaches on the same cores just before the row, on a GPU
// what kernels that do nothing else reach on it (tools/bench/ceilings.hpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/base/file.hpp"
#include "engine/tune/tuning_file.hpp"
#include "tools/bench/crossover.hpp"
#include "tools/bench/op_bench.hpp"
#include "tools/lowtide/bench_rows.hpp"
#include "tools/lowtide/command.hpp"

namespace lowtide::program {
namespace {

struct Options {
  DeviceOption device;
  std::string filter;
  std::string csv;
  double seconds = 1.0;
  bool naive_only = false;
  bool rungs = false;
  bool list = false;
  bool explain = false;
  bool crossover = false;
  bool ceilings = false;
  RecipeOption layers;
  StepsOption steps;
  ModelOption model;
};

// How many times faster a packed convolution is than the f32 one of the same shape.
void print_ratios(const std::vector<Row>& rows) {
  for (const Row& packed : rows) {
    const std::string prefix = "packed_conv2d/";
    if (!packed.timing.name.starts_with(prefix)) continue;
    const std::string shape = packed.timing.name.substr(prefix.size(), packed.timing.name.rfind('/') - prefix.size());
    for (const Row& plain : rows) {
      if (plain.timing.name != "conv2d/" + shape) continue;
      fmt::print("{}: {:.1f} x the f32 rate\n", packed.timing.name,
                 plain.timing.best_seconds / packed.timing.best_seconds);
    }
  }
}

// --rungs: where the chosen kernel is slower than the naive one, the choice is wrong on this device. Software devices
// are compared by processor time, which other work on the machine hardly changes.
Result<int> compare_rungs(runtime::Context& context, const std::vector<bench::OpBench>& benches,
                          const Options& options) {
  const bool is_software = context.caps().is_software();
  fmt::print("{:<66} {:>9} {:>9} {:>13}  chosen kernels\n",
             is_software ? "op, best ms of processor time" : "op, best ms", "chosen", "naive", "naive/chosen");
  for (const bench::OpBench& b : benches) {
    LOWTIDE_TRY(const bench::OpRungs rungs, bench::time_rungs(context, b, options.seconds));
    const auto best = [&](const bench::OpTiming& t) { return is_software ? t.best_processor_seconds : t.best_seconds; };
    fmt::print("{:<66} {:>9.3f} {:>9.3f} {:>13.2f}  {}\n", b.name, 1e3 * best(rungs.chosen), 1e3 * best(rungs.naive),
               best(rungs.naive) / best(rungs.chosen), rungs.chosen.kernels);
    std::fflush(stdout);
  }
  return kDone;
}

// --explain: every variant of each row, and what decides between them on this device.
Result<int> explain(runtime::Context& context, const std::vector<bench::OpBench>& benches, const Options& options) {
  LOWTIDE_TRY(const graph::Tuning tuning, tune::find_tuning(context));
  for (const bench::OpBench& b : benches) {
    graph::Graph graph;
    LOWTIDE_TRY_VOID(b.build(graph));
    const graph::Node& node = graph.nodes().back();
    fmt::print("{}\n", b.name);
    if (!tune::is_tunable(node, graph)) {
      fmt::print("  not measured: it works on whole arenas, for which there is one kernel\n");
      continue;
    }
    LOWTIDE_TRY(const tune::NodeTimes times, tune::measure_node(context, node, graph, options.seconds));
    print_times(times);
    const std::string_view wanted = tuning.variant_for(node, graph);
    fmt::print("  taken: {}\n",
               wanted.empty()
                   ? fmt::format("{}, the first of the op's list that fits; no tuning names it", times.variants[0].name)
                   : fmt::format("{}, named by tuning", wanted));
    std::fflush(stdout);
  }
  return kDone;
}

// --crossover: what each formulation of the packed layers takes, so that one sees where they cross on this device.
Result<int> print_crossover(runtime::Context& context, const std::vector<bench::OpBench>& benches,
                            const Options& options) {
  std::vector<bench::CrossoverRow> rows;
  for (const bench::OpBench& b : benches) {
    LOWTIDE_TRY(bench::CrossoverRow row, bench::measure_crossover(context, b, options.seconds));
    rows.push_back(std::move(row));
    const std::string table = bench::crossover_table({rows.back()});  // row by row: the whole may take minutes
    fmt::print("{}", rows.size() == 1 ? table : table.substr(table.find('\n') + 1));
    std::fflush(stdout);
  }
  if (!options.csv.empty()) {
    LOWTIDE_TRY_VOID(write_file_atomically(options.csv, bench::crossover_csv(rows, context.caps())));
  }
  return kDone;
}

Result<int> run(const Options& options) {
  std::vector<bench::OpBench> benches = bench::all_op_benches();
  std::erase_if(benches, [&](const bench::OpBench& b) {
    if (options.crossover && !b.name.starts_with("packed_conv2d/") && !b.name.starts_with("packed_linear/"))
      return true;
    return b.name.find(options.filter) == std::string::npos && b.network != options.filter;
  });
  if (benches.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("no bench{} has '{}' in its name; `lowtide bench --list` names them all",
                            options.crossover ? " of a packed layer" : "", options.filter));
  }
  if (options.list) {
    for (const bench::OpBench& b : benches) fmt::print("{}\n", b.name);
    return kDone;
  }
  LOWTIDE_TRY(const auto context, open_device(options.device));
  if (options.crossover) return print_crossover(*context, benches, options);
  if (options.explain) return explain(*context, benches, options);
  if (options.rungs) return compare_rungs(*context, benches, options);
  Peaks peaks;
  print_row_heads("op");
  std::vector<Row> rows;
  for (const bench::OpBench& b : benches) {
    LOWTIDE_TRY_VOID(peaks.measure(*context));
    LOWTIDE_TRY(bench::OpTiming timing, bench::time_op(*context, b, options.seconds, options.naive_only));
    rows.push_back(make_row(std::move(timing), peaks));
    print_row(rows.back());
  }
  print_ratios(rows);
  fmt::print("{}\n", peaks.describe());
  if (!options.csv.empty()) LOWTIDE_TRY_VOID(write_file_atomically(options.csv, rows_csv(rows, *context)));
  return kDone;
}

// How the rows of ops are shown.
void add_row_flags(CLI::App& command, Options& row) {
  command.add_flag("--naive", row.naive_only, "take the naive kernel of every op");
  command.add_flag("--rungs", row.rungs, "the kernels chosen on this device beside the naive ones, pass by pass");
  command.add_flag("--explain", row.explain,
                   "which variants of its kernels fit each row, their measured times, and which one is taken and why");
  command.add_flag("--crossover", row.crossover,
                   "packed layers: the best time of each formulation, popcount, ballot, dot (integer dot products) and "
                   "matrix (8-bit cooperative matrices); empty where the device or the layer cannot");
  command.add_flag("--list", row.list, "only list the rows");
}

}  // namespace

void add_bench(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("bench", "rate of every op on a device, as a share of the device's ceiling");
  add_device_option(command, options->device);
  command.add_option("--filter", options->filter,
                     "only rows whose name holds this text; resnet18: its 3x3 convolutions, f32 and packed");
  command.add_option("--seconds", options->seconds, "time per row; with --steps, of all of them")
      ->check(CLI::Range(0.01, 600.0))
      ->capture_default_str();
  command.add_option("--csv", options->csv, "also write the rows to this file");
  add_row_flags(command, *options);
  command.add_flag("--ceilings", options->ceilings,
                   "instead of ops: what the device's arithmetic, memory and dispatches do at best");
  command.add_option(
      "--layers", options->layers.path,
      "instead of ops: every distinct op of a training step of this recipe, each alone; more than one phase: "
      "the first");
  command.add_option("--steps", options->steps.recipe.path,
                     "instead of ops: whole training steps of this recipe beside its network in full precision");
  add_override_option(command, options->steps.recipe);
  add_input_option(command, options->steps.input);
  command.add_option("--model", options->model.path, "instead of ops: a whole packed model, pixels in and logits out");
  command.add_option("--batch", options->model.batch, "with --model: images of a submission")
      ->check(CLI::Range(1u, 65536u))
      ->capture_default_str();
  command.add_flag("--profile", options->steps.profile, "with --steps or --model: the time of every dispatch");
  set_body(command, program, [options]() -> Result<int> {
    if (!options->model.path.empty()) {
      ModelOption& model = options->model;
      model.device = options->device;
      model.csv = options->csv;
      model.seconds = options->seconds;
      model.naive_only = options->naive_only;
      model.profile = options->steps.profile;
      return bench_model(model);
    }
    if (options->ceilings) return bench_ceilings(options->device, options->seconds, options->csv);
    if (!options->layers.path.empty()) {
      options->layers.overrides = options->steps.recipe.overrides;
      return bench_layers({.recipe = options->layers,
                           .device = options->device,
                           .input = options->steps.input,
                           .filter = options->filter,
                           .csv = options->csv,
                           .seconds = options->seconds,
                           .naive_only = options->naive_only});
    }
    if (options->steps.recipe.path.empty()) return run(*options);
    options->steps.device = options->device;
    options->steps.csv = options->csv;
    options->steps.seconds = options->seconds;
    options->steps.naive_only = options->naive_only;
    return bench_steps(options->steps);
  });
}

}  // namespace lowtide::program
