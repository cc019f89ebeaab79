// SPDX-License-Identifier: Apache-2.0
// lowtide bench --steps RECIPE: what quantisation costs. Training steps of each phase of a recipe beside those of its
// first phase's network in full precision, and their ratio. The images are random numbers, so no data set is read
// where --image says how large they are.
#include <fmt/format.h>

#include <optional>

#include "engine/base/file.hpp"
#include "tools/bench/step_bench.hpp"
#include "tools/lowtide/command.hpp"

namespace lowtide::program {
namespace {

// Software devices are compared by processor time, which other work on the machine hardly changes.
double ratio_of(const bench::StepTiming& t, const bench::StepTiming& base, const runtime::Context& context) {
  return context.caps().is_software() ? t.best_processor_seconds / base.best_processor_seconds
                                      : t.best_seconds / base.best_seconds;
}

std::string csv_of(const std::vector<bench::StepTiming>& timings, uint32_t batch, const runtime::Context& context) {
  std::string out =
      "step,device,driver,batch,median_ms,best_ms,best_processor_ms,host_us,driver_us,spread,repeats,dispatches,"
      "activation_bytes,"
      "ratio\n";
  for (const bench::StepTiming& t : timings) {
    out += fmt::format("{},\"{}\",\"{}\",{},{:.4f},{:.4f},{:.4f},{:.1f},{:.1f},{:.4f},{},{},{},{:.4f}\n", t.name,
                       context.caps().name, context.caps().driver, batch, 1e3 * t.seconds, 1e3 * t.best_seconds,
                       1e3 * t.best_processor_seconds, 1e6 * t.host_seconds, 1e6 * t.driver_seconds, t.spread,
                       t.repeats, t.dispatches, t.activation_bytes, ratio_of(t, timings.front(), context));
  }
  return out;
}

// The first row is the one that the others are compared with.
void print_timings(const std::vector<bench::StepTiming>& timings, uint32_t batch, const runtime::Context& context) {
  fmt::print("{:<32} {:>10} {:>10} {:>12} {:>8} {:>9} {:>7} {:>6} {:>9} {:>11} {:>14} {:>7}\n", "training step",
             "median ms", "best ms", "processor ms", "host us", "driver us", "spread", "steps", "images/s",
             "dispatches", "activations MB", "ratio");
  for (const bench::StepTiming& t : timings) {
    fmt::print(
        "{:<32} {:>10.2f} {:>10.2f} {:>12.2f} {:>8.1f} {:>9.1f} {:>6.0f}% {:>6} {:>9.0f} {:>11} {:>14.1f} {:>7.3f}\n",
        t.name, 1e3 * t.seconds, 1e3 * t.best_seconds, 1e3 * t.best_processor_seconds, 1e6 * t.host_seconds,
        1e6 * t.driver_seconds, 100 * t.spread, t.repeats, batch / t.best_seconds, t.dispatches,
        1e-6 * static_cast<double>(t.activation_bytes), ratio_of(t, timings.front(), context));
  }
  fmt::print("ratio: of the best {}, to the first row\n",
             context.caps().is_software() ? "processor times (all threads, waiting not counted)" : "times");
  fmt::print("host us, driver us: processor time of the thread that submits a step, outside and inside the driver\n");
  for (const bench::StepTiming& t : timings) {
    if (!t.profile.empty()) fmt::print("\n{}, by dispatch, with a barrier after each:\n{}", t.name, t.profile);
  }
}

}  // namespace

Result<int> bench_steps(const StepsOption& options) {
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const trainer::NetInput input, input_of(options.input, recipe.data, recipe.data.batch));
  std::vector<bench::StepBench> benches = {
      {recipe.phases.front().network.name + " fp32", bench::full_precision(recipe.phases.front())}};
  for (const trainer::Phase& phase : recipe.phases) benches.push_back({recipe.name + " " + phase.name, phase});
  LOWTIDE_TRY(const auto context, open_device(options.device));
  fmt::print("{} images of {}x{}x{}, {} classes; the rows take turns, step by step\n", input.batch, input.height,
             input.width, input.channels, input.classes);
  std::fflush(stdout);
  LOWTIDE_TRY(
      const std::vector<bench::StepTiming> timings,
      bench::time_steps(*context, benches, input,
                        {.seconds = options.seconds, .profile = options.profile, .naive_only = options.naive_only}));
  print_timings(timings, input.batch, *context);
  if (!options.csv.empty()) {
    LOWTIDE_TRY_VOID(write_file_atomically(options.csv, csv_of(timings, input.batch, *context)));
  }
  return kDone;
}

}  // namespace lowtide::program
