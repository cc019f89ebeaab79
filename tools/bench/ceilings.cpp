// SPDX-License-Identifier: Apache-2.0
// Measuring ceilings: programs of one kernel, made by hand.
#include "tools/bench/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>

#include "engine/base/stopwatch.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/ops/copy/copy.hpp"
#include "engine/runtime/executor.hpp"
#include "shaders/ceiling/ceiling.params.h"
#include "tools/bench/op_bench.hpp"
#include "tools/bench/quantile.hpp"

namespace lowtide::bench {
namespace {

const ValueId kY = ValueId(0);
constexpr uint32_t kRounds = 16, kFmaChains = 10, kWordChains = 8, kMatrixBlock = 8;  // of shaders/ceiling
constexpr float kHalf = 0.5f;          // a = a / 2 + 1 / 2 ends at 1 exactly, whatever is fused
constexpr float kTiny = 1.0f / 64.0f;  // products of matrices stay exact
constexpr double kLongPass = 5e-3;     // seconds: a submission is nothing beside it
constexpr uint32_t kMostIterations = 1u << 16;
constexpr uint32_t kEmptyDispatches = 1000;

// One kernel in a loop.
struct Loop {
  const char* name;
  const char* kernel;
  const char* unit;
  double operations;           // of a workgroup and iteration
  std::vector<uint32_t> spec;  // workgroup width first
  uint32_t group_words = 0;    // of y
  shaders::CeilingParams params = {};
  std::function<uint32_t(uint32_t iterations)> expected;  // first word of y
};

uint32_t word_of(float value) {
  return std::bit_cast<uint32_t>(value);
}

// `words(w, t)` of the integer kernels, summed as invocation 0 sums it.
template <class Words>
uint32_t sum_of_words(uint32_t iterations, uint32_t start, const Words& words) {
  uint32_t sum = 0;
  for (uint32_t t = 0; t < iterations * kRounds; ++t) {
    for (uint32_t c = 0; c < kWordChains; ++c) sum += words((start + c) * 2654435761u, t);
  }
  return sum;
}

uint32_t dot_of_bytes(uint32_t a, uint32_t b) {
  int32_t sum = 0;
  for (uint32_t byte = 0; byte < 4; ++byte) {
    sum += static_cast<int8_t>(a >> (8 * byte)) * static_cast<int8_t>(b >> (8 * byte));
  }
  return static_cast<uint32_t>(sum);
}

Loop matrix_loop(const DeviceCaps& caps) {
  const MatrixShape& m = caps.matrix_f16;
  const uint32_t subgroups = std::max(1u, std::min(4u, caps.max_workgroup_invocations / caps.subgroup_size));
  return {
      .name = "matrix_f16",
      .kernel = "ceiling_forward_matrix_f16",
      .unit = caps.is_software() ? "G multiply-adds/s, emulated: no ceiling of anything" : "G multiply-adds/s",
      .operations = double{kMatrixBlock} * m.m * m.n * m.k * subgroups,
      .spec = {subgroups * caps.subgroup_size, m.m, m.n, m.k},
      .group_words = subgroups * m.m * m.n,
      .params = {.factor = kTiny, .addend = kTiny},
      .expected = [k = m.k](uint32_t iterations) {
        constexpr float kStarts = 16;  // sum of i + j over the block
        return word_of(kStarts + kMatrixBlock * kTiny * kTiny * static_cast<float>(k) * static_cast<float>(iterations));
      }};
}

std::vector<Loop> loops_of(const DeviceCaps& caps) {
  constexpr uint32_t kWidth = 64;
  const char* const mads = "G multiply-adds/s";
  std::vector<Loop> loops;
  const auto fma = [&](const char* name, const char* kernel, uint32_t lanes) {
    loops.push_back({.name = name,
                     .kernel = kernel,
                     .unit = mads,
                     .operations = double{kWidth} * kRounds * kFmaChains * lanes,
                     .spec = {kWidth},
                     .group_words = kWidth,
                     .params = {.factor = kHalf, .addend = kHalf},
                     .expected = [lanes](uint32_t) { return word_of(static_cast<float>(kFmaChains * lanes)); }});
  };
  const auto words = [&](const char* name, const char* kernel, const char* unit, uint32_t per_word, auto operation) {
    constexpr uint32_t kStart = 7;
    loops.push_back({.name = name,
                     .kernel = kernel,
                     .unit = unit,
                     .operations = double{kWidth} * kRounds * kWordChains * per_word,
                     .spec = {kWidth},
                     .group_words = kWidth,
                     .params = {.start = kStart},
                     .expected = [operation](uint32_t n) { return sum_of_words(n, kStart, operation); }});
  };
  fma("fma_f32", "ceiling_forward_fma", 1);
  if (caps.has(bit(Feature::float16))) fma("fma_f16", "ceiling_forward_fma_f16", 2);
  words("popcount", "ceiling_forward_popcount", "G words/s of xor, bit count and add", 1,
        [](uint32_t w, uint32_t t) { return static_cast<uint32_t>(std::popcount(w ^ t)); });
  if (caps.has(bit(Feature::integer_dot))) {
    words("integer_dot", "ceiling_forward_integer_dot", mads, 4,
          [](uint32_t w, uint32_t t) { return dot_of_bytes(w, t); });
  }
  if (caps.has(bit(Feature::cooperative_matrix)) && caps.has(bit(Feature::float16)) && caps.matrix_f16.m > 0) {
    loops.push_back(matrix_loop(caps));
  }
  std::erase_if(loops, [](const Loop& loop) { return !find_kernel(loop.kernel).has_value(); });
  return loops;
}

// `count` dispatches of one kernel, y written by each.
plan::Program program_of(const std::string& kernel, const std::vector<uint32_t>& spec,
                         const shaders::CeilingParams& params, uint32_t groups, uint64_t words, uint32_t count = 1,
                         bool has_barriers = false) {
  plan::Program program;
  program.placements.push_back({plan::Arena::metric, 0, words * 4});
  program.arena_bytes[static_cast<size_t>(plan::Arena::metric)] = words * 4;
  program.chunk_bytes = round_up(words * 4, uint64_t{1} << 20);
  program.value_names = {"y"};
  program.outputs = {kY};
  DispatchList list(1);
  list.set_node_name("ceiling");
  const KernelId id = *find_kernel(kernel);
  std::array<uint32_t, 4> padded = {};
  std::copy_n(spec.begin(), std::min(spec.size(), padded.size()), padded.begin());
  for (uint32_t i = 0; i < count; ++i) {
    list.add_raw(id, std::array<ValueId, 1>{kY}, padded, &params, sizeof params, {groups, 1, 1}, kernel);
    if (has_barriers && i > 0) program.barriers.push_back(i);
  }
  program.dispatches = list.dispatches();
  for (Dispatch& dispatch : program.dispatches) dispatch.spec_count = static_cast<uint32_t>(spec.size());
  return program;
}

Result<double> pass(runtime::Executor& executor, uint32_t* first_word = nullptr) {
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  const Stopwatch watch;
  LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
  LOWTIDE_TRY_VOID(executor.wait(ticket));
  const double seconds = watch.seconds();
  if (first_word != nullptr) std::memcpy(first_word, executor.output(slot, kY).data(), 4);
  return seconds;
}

// Times of passes for so long, ascending.
Result<std::vector<double>> passes(runtime::Executor& executor, double seconds) {
  std::vector<double> times;
  const Stopwatch total;
  while (times.size() < 3 || total.seconds() < seconds) {
    LOWTIDE_TRY(const double time, pass(executor));
    times.push_back(time);
  }
  std::sort(times.begin(), times.end());
  return times;
}

// `operations` of a pass over its time, in billions.
Ceiling ceiling_of(const char* name, const char* unit, double operations, const std::vector<double>& times) {
  const double median = quantile(times, 0.5);
  return {.name = name,
          .unit = unit,
          .value = 1e-9 * operations / times.front(),
          .median = 1e-9 * operations / median,
          .spread = spread(times),
          .count = static_cast<uint32_t>(times.size())};
}

// Twice the iterations until a pass is long.
Result<Ceiling> measure(runtime::Context& context, const Loop& loop, double seconds) {
  const uint32_t groups = context.caps().is_software() ? 256 : loop.group_words > 64 ? 2048 : 16384;
  const runtime::ExecutorOptions options = {.slots = 1};
  for (uint32_t iterations = 64;; iterations *= 2) {
    shaders::CeilingParams params = loop.params;
    params.iterations = iterations;
    const uint64_t words = uint64_t{groups} * loop.group_words;
    LOWTIDE_TRY(
        const auto executor,
        runtime::Executor::create(context, program_of(loop.kernel, loop.spec, params, groups, words), {}, options));
    uint32_t found = 0;
    LOWTIDE_TRY_VOID(pass(*executor, &found));
    const uint32_t expected = loop.expected(iterations);
    if (found != expected) {
      return fail(ErrorCode::numeric, fmt::format("{}: its first word should be {:#010x} after {} iterations, found "
                                                  "{:#010x}; its timing would mean nothing",
                                                  loop.kernel, expected, iterations, found));
    }
    LOWTIDE_TRY(const double warm, pass(*executor));
    if (warm < kLongPass && iterations < kMostIterations) continue;
    LOWTIDE_TRY(const std::vector<double> times, passes(*executor, seconds));
    return ceiling_of(loop.name, loop.unit, loop.operations * groups * iterations, times);
  }
}

Result<Ceiling> measure_copy(runtime::Context& context, double seconds) {
  const uint64_t wanted = uint64_t{context.caps().is_software() ? 64u : 512u} << 20;
  const uint64_t bytes =
      std::min({wanted, context.caps().max_storage_buffer_bytes / 4, context.caps().max_allocation_bytes / 4});
  const OpBench bench = {.name = "copy", .build = [bytes](graph::Graph& g) -> Result<void> {
                           const ValueId x = g.constant("x", f32_desc(Shape{static_cast<uint32_t>(bytes / 4)}));
                           LOWTIDE_TRY_VOID(ops::copy(g, "copy", x));
                           return {};
                         }};
  LOWTIDE_TRY(const OpTiming timing, time_op(context, bench, seconds, false));
  return Ceiling{.name = "copy",
                 .unit = "GB/s read and written",
                 .value = 1e-9 * timing.bytes / timing.best_seconds,
                 .median = 1e-9 * timing.bytes / timing.seconds,
                 .spread = timing.spread,
                 .count = timing.repeats};
}

// What a dispatch without work adds to a submission, and what a submission of one costs.
Result<void> measure_dispatches(runtime::Context& context, double seconds, std::vector<Ceiling>& out) {
  const runtime::ExecutorOptions options = {.slots = 1};
  const auto times_of = [&](uint32_t count, bool has_barriers) -> Result<std::vector<double>> {
    LOWTIDE_TRY(const auto executor,
                runtime::Executor::create(
                    context, program_of("ceiling_forward_empty", {32}, {}, 1, 1, count, has_barriers), {}, options));
    LOWTIDE_TRY_VOID(pass(*executor));
    return passes(*executor, seconds);
  };
  LOWTIDE_TRY(const std::vector<double> one, times_of(1, false));
  const auto add = [&](const char* name, const std::vector<double>& times, double floor_best, double floor_median,
                       uint32_t count) {
    const double median = quantile(times, 0.5);
    out.push_back({.name = name,
                   .unit = "microseconds",
                   .value = 1e6 * (times.front() - floor_best) / count,
                   .median = 1e6 * (median - floor_median) / count,
                   .spread = spread(times),
                   .count = static_cast<uint32_t>(times.size())});
  };
  for (const bool has_barriers : {false, true}) {
    LOWTIDE_TRY(const std::vector<double> many, times_of(kEmptyDispatches + 1, has_barriers));
    add(has_barriers ? "dispatch_barrier" : "dispatch", many, one.front(), quantile(one, 0.5), kEmptyDispatches);
  }
  add("submit", one, 0.0, 0.0, 1);
  return {};
}

}  // namespace

Result<std::vector<Ceiling>> measure_ceilings(runtime::Context& context, double seconds) {
  std::vector<Ceiling> out;
  for (const Loop& loop : loops_of(context.caps())) {
    LOWTIDE_TRY(Ceiling ceiling, measure(context, loop, seconds));
    out.push_back(std::move(ceiling));
  }
  LOWTIDE_TRY(Ceiling copy, measure_copy(context, seconds));
  out.push_back(std::move(copy));
  LOWTIDE_TRY_VOID(measure_dispatches(context, seconds, out));
  return out;
}

double rate_of(const std::vector<Ceiling>& ceilings, const std::string& name) {
  for (const Ceiling& ceiling : ceilings) {
    if (ceiling.name == name) return 1e9 * ceiling.value;
  }
  return 0.0;
}

}  // namespace lowtide::bench
