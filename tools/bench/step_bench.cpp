// SPDX-License-Identifier: Apache-2.0
// Timing of training steps.
#include "tools/bench/step_bench.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/base/rng.hpp"
#include "engine/base/stopwatch.hpp"
#include "tools/bench/quantile.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/stepper.hpp"
#include "trainer/schedule/step_values.hpp"

namespace lowtide::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr uint32_t kWarmUpSteps = 2;

// Images that stay on the device, as a training run keeps them by default: what a step is told, the same for every
// phase.
struct RandomBatch {
  static constexpr uint32_t kBatches = 4;  // of resident images
  std::vector<uint32_t> places;
  std::vector<uint32_t> labels;

  explicit RandomBatch(const trainer::NetInput& input) {
    Rng rng(kSeed, 0);
    for (uint32_t i = 0; i < input.batch; ++i) {
      for (const uint32_t word : {rng.below(kBatches * input.batch), 0u, 0u, rng.next() >> 31}) places.push_back(word);
      labels.push_back(rng.next() % input.classes);
    }
  }
  trainer::Batch batch() const {
    return {.places = places, .labels = labels, .valid = static_cast<uint32_t>(labels.size())};
  }
};

// Any pixels; each channel's values in [-1, 1).
Result<void> write_images(trainer::Stepper& stepper) {
  const trainer::TrainGraph& train = stepper.train();
  Rng rng(kSeed, 1);
  std::vector<uint32_t> pixels(train.graph.desc(train.pixels).element_count());
  for (uint32_t& word : pixels) word = rng.next();
  LOWTIDE_TRY_VOID(stepper.executor().write(train.pixels, std::as_bytes(std::span(pixels))));
  std::vector<float> table(train.graph.desc(train.table).element_count());
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i % 256) / 128.0f - 1.0f;
  return stepper.executor().write(train.table, std::as_bytes(std::span(table)));
}

// One phase in turn.
struct Turn {
  const StepBench* bench = nullptr;
  std::unique_ptr<trainer::Stepper> stepper;
  std::vector<double> times = {};
  std::vector<double> processor_times = {};
  std::vector<double> host_times = {};
  std::vector<double> driver_times = {};
  uint64_t step = 0;
};

Result<Turn> make_turn(runtime::Context& context, const StepBench& bench, const trainer::NetInput& input,
                       const StepBenchOptions& options) {
  Turn turn = {.bench = &bench, .stepper = nullptr};
  LOWTIDE_TRY(trainer::TrainGraph train, trainer::make_train_graph(bench.phase, input));
  const std::vector<trainer::NamedTensor> tensors = trainer::initial_tensors(train.graph, train.parameters, kSeed);
  LOWTIDE_TRY(turn.stepper, trainer::Stepper::create(context, std::move(train),
                                                     {.naive_only = options.naive_only, .profile = options.profile}));
  LOWTIDE_TRY_VOID(trainer::write_persistent(turn.stepper->train().graph, turn.stepper->executor(), tensors));
  LOWTIDE_TRY_VOID(write_images(*turn.stepper));
  return turn;
}

// The rate is tiny: parameters stay where real training starts, however long the bench runs.
Result<void> take_step(runtime::Context& context, Turn& turn, const RandomBatch& data) {
  constexpr uint64_t kStepsPerEpoch = 500;
  const trainer::Phase& phase = turn.bench->phase;
  trainer::StepValues values = trainer::step_values(phase, kStepsPerEpoch, turn.step % kStepsPerEpoch);
  values.rate = 1e-6;
  const auto valid = static_cast<uint32_t>(data.labels.size());
  const auto block = trainer::make_step_block(phase.optimizer, kSeed, turn.step++, values, valid);
  const double driver_before = context.driver_seconds();
  const Stopwatch watch;
  const ProcessorStopwatch processor_watch;
  const ThreadStopwatch host_watch;
  LOWTIDE_TRY_VOID(turn.stepper->submit(data.batch(), block));
  LOWTIDE_TRY(const trainer::StepMetrics metrics, turn.stepper->finish());
  const double host = host_watch.seconds(), driver = context.driver_seconds() - driver_before;
  turn.host_times.push_back(host - driver);
  turn.driver_times.push_back(driver);
  turn.times.push_back(watch.seconds());
  turn.processor_times.push_back(processor_watch.seconds());
  if (std::isfinite(metrics.loss) && std::isfinite(metrics.gradient_norm) && metrics.gradient_norm > 0) return {};
  return fail(ErrorCode::numeric,
              turn.bench->name + ": a step whose gradient is zero or not finite; its time would " + "mean nothing");
}

StepTiming timing_of(Turn& turn) {
  std::vector<double>& times = turn.times;
  std::sort(times.begin(), times.end());
  const auto median = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
  };
  const plan::Program& program = turn.stepper->executor().program();
  return {.name = turn.bench->name,
          .seconds = quantile(times, 0.5),
          .best_seconds = times.front(),
          .best_processor_seconds = *std::min_element(turn.processor_times.begin(), turn.processor_times.end()),
          .host_seconds = median(turn.host_times),
          .driver_seconds = median(turn.driver_times),
          .spread = spread(times),
          .repeats = static_cast<uint32_t>(times.size()),
          .dispatches = program.dispatches.size(),
          .activation_bytes = program.arena_bytes[static_cast<size_t>(plan::Arena::activation)],
          .profile = turn.stepper->executor().profile().is_empty() ? "" : turn.stepper->executor().profile().table()};
}

}  // namespace

trainer::Phase full_precision(trainer::Phase phase) {
  phase.quantization = {};
  phase.training.precision = trainer::TrainingPrecision::fp32;
  return phase;
}

Result<std::vector<StepTiming>> time_steps(runtime::Context& context, std::span<const StepBench> benches,
                                           const trainer::NetInput& input, const StepBenchOptions& options) {
  const RandomBatch data(input);
  trainer::NetInput resident = input;
  resident.resident_images = RandomBatch::kBatches * input.batch;
  std::vector<Turn> turns;
  for (const StepBench& bench : benches) {
    LOWTIDE_TRY(Turn turn, make_turn(context, bench, resident, options));
    turns.push_back(std::move(turn));
  }
  for (Turn& turn : turns) {
    for (uint32_t i = 0; i < kWarmUpSteps; ++i) LOWTIDE_TRY_VOID(take_step(context, turn, data));
    turn.times.clear();
    turn.processor_times.clear();
    turn.host_times.clear();
    turn.driver_times.clear();
  }
  const Stopwatch total;
  do {
    for (Turn& turn : turns) LOWTIDE_TRY_VOID(take_step(context, turn, data));
  } while (turns.front().times.size() < 3 || total.seconds() < options.seconds);
  std::vector<StepTiming> out;
  for (Turn& turn : turns) out.push_back(timing_of(turn));
  return out;
}

}  // namespace lowtide::bench
