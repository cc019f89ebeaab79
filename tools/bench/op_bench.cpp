// SPDX-License-Identifier: Apache-2.0
// Timing of single ops.
#include "tools/bench/op_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "engine/base/rng.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/executor.hpp"
#include "shaders/lib/step_block.h"
#include "tools/bench/quantile.hpp"

namespace lowtide::bench {
namespace {

using graph::Graph;
using graph::Role;

// Numbers in [-1, 1), second moments in [0, 1); labels below kLabels; any words for other integer and packed types.
void fill_randomly(const graph::Value& of, std::vector<std::byte>& bytes, uint32_t stream) {
  Rng rng(1, stream);
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t word = rng.next();
    if (of.desc.dtype == DType::f32) {
      const float unit = unit_float(word);
      const float value = of.role == Role::moment1 ? unit : unit * 2.0f - 1.0f;
      std::memcpy(&word, &value, 4);
    } else if (of.name == "labels") {
      word %= kLabels;
    } else if (of.desc.dtype == DType::i32) {
      word = word % 64 - 32;  // thresholds: on both sides of zero, so that no sign of accumulators gives zeros only
    }
    std::memcpy(bytes.data() + i, &word, 4);
  }
}

Result<void> set_values(runtime::Executor& executor, const Graph& graph) {
  for (const Role role : {Role::constant, Role::parameter, Role::gradient, Role::moment0, Role::moment1}) {
    for (const ValueId id : graph.with_role(role)) {
      std::vector<std::byte> bytes(executor.program().placement(id).bytes);
      if (bytes.empty()) continue;
      fill_randomly(graph.value(id), bytes, id.index);
      LOWTIDE_TRY_VOID(executor.write(id, bytes));
    }
  }
  return {};
}

// A submission costs some 0.1 ms whatever is in it, which a pass in the middle of a network does not pay: so a
// submission holds several passes of a short row, each behind a barrier.
constexpr double kLongPass = 1e-3;
constexpr uint32_t kShortPasses = 8;

struct PassTime {
  double seconds = 0;
  double processor_seconds = 0;
};

Result<PassTime> pass(runtime::Executor& executor, const Graph& graph) {
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  for (const ValueId id : graph.with_role(Role::step)) {
    const shaders::StepBlock step = {
        .learning_rate = 1e-3f, .loss_scale = 1.0f, .adam_correction1 = 0.5f, .adam_correction2 = 0.5f};
    std::memcpy(executor.input(slot, id).data(), &step, sizeof step);
  }
  const Stopwatch watch;
  const ProcessorStopwatch processor_watch;
  LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
  LOWTIDE_TRY_VOID(executor.wait(ticket));
  return PassTime{watch.seconds(), processor_watch.seconds()};
}

Result<void> write_values(runtime::Executor& executor, const Graph& graph, const OpBench& bench) {
  return bench.write ? bench.write(executor, graph) : set_values(executor, graph);
}

// An output must not be zero everywhere: a kernel that did nothing would be the fastest.
Result<void> verify(runtime::Executor& executor, const Graph& graph, const std::string& name) {
  bool any = false;
  for (const ValueId id : graph.nodes().back().outputs) {
    std::vector<std::byte> bytes(executor.program().placement(id).bytes);
    if (bytes.empty()) continue;
    LOWTIDE_TRY_VOID(executor.read(id, bytes));
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      uint32_t word = 0;
      std::memcpy(&word, bytes.data() + i, 4);
      any = any || word != 0;
      float value = 0;
      std::memcpy(&value, &word, 4);
      if (graph.desc(id).dtype == DType::f32 && !std::isfinite(value)) {
        return fail(ErrorCode::numeric, name + " gave a number that is not finite; its timing would mean nothing");
      }
    }
  }
  if (any) return {};
  return fail(ErrorCode::numeric, name + " gave zeros everywhere; its timing would mean nothing");
}

// The program `count` times over, one pass behind the other.
void repeat(plan::Program& program, uint32_t count) {
  const auto dispatches = program.dispatches;
  const auto barriers = program.barriers;
  for (uint32_t i = 1; i < count; ++i) {
    const auto first = static_cast<uint32_t>(program.dispatches.size());
    program.dispatches.insert(program.dispatches.end(), dispatches.begin(), dispatches.end());
    program.barriers.push_back(first);
    for (const uint32_t at : barriers) {
      if (at > 0) program.barriers.push_back(first + at);
    }
  }
}

// A row on the device, warmed up and verified.
struct Prepared {
  OpTiming timing;
  uint32_t passes = 1;  // of a submission
  std::unique_ptr<Graph> graph;
  std::unique_ptr<runtime::Executor> executor;
  std::vector<double> times = {};
  std::vector<double> processor_times = {};
};

Result<Prepared> prepare(runtime::Context& context, const OpBench& bench, bool naive_only) {
  Prepared out;
  out.graph = std::make_unique<Graph>();
  const Graph& graph = *out.graph;
  LOWTIDE_TRY_VOID(bench.build(*out.graph));
  LOWTIDE_TRY(plan::Program program, plan::make_program(graph, {.caps = context.caps(), .naive_only = naive_only}));
  out.timing = {.name = bench.name, .arithmetic = bench.arithmetic};
  for (const Dispatch& dispatch : program.dispatches) {
    const std::string_view kernel = kernel_info(dispatch.kernel).name;
    out.timing.kernels += fmt::format("{}{}", out.timing.kernels.empty() ? "" : " ", kernel);
    const bool is_matrix = kernel.find("_matrix") != std::string_view::npos;
    if (is_matrix && bench.arithmetic == Arithmetic::f32) out.timing.arithmetic = Arithmetic::matrix_f16;
  }
  const graph::Cost cost = graph::cost_of(graph.nodes().back(), graph);
  out.timing.multiply_adds = static_cast<double>(cost.multiply_adds) * bench.plane_products;
  out.timing.bytes = static_cast<double>(cost.bytes);
  plan::Program single = program;
  LOWTIDE_TRY(out.executor, runtime::Executor::create(context, std::move(single), {}, {.slots = 1}));
  LOWTIDE_TRY_VOID(write_values(*out.executor, graph, bench));
  LOWTIDE_TRY_VOID(pass(*out.executor, graph));
  LOWTIDE_TRY_VOID(verify(*out.executor, graph, bench.name));
  LOWTIDE_TRY(const PassTime warm, pass(*out.executor, graph));
  if (warm.seconds > kLongPass) return out;
  out.passes = kShortPasses;
  repeat(program, out.passes);
  LOWTIDE_TRY(out.executor, runtime::Executor::create(context, std::move(program), {}, {.slots = 1}));
  LOWTIDE_TRY_VOID(write_values(*out.executor, graph, bench));
  LOWTIDE_TRY_VOID(pass(*out.executor, graph));
  return out;
}

Result<void> time_pass(Prepared& prepared) {
  LOWTIDE_TRY(const PassTime time, pass(*prepared.executor, *prepared.graph));
  prepared.times.push_back(time.seconds / prepared.passes);
  prepared.processor_times.push_back(time.processor_seconds / prepared.passes);
  return {};
}

OpTiming finish(Prepared& prepared) {
  std::vector<double>& times = prepared.times;
  std::sort(times.begin(), times.end());
  OpTiming timing = std::move(prepared.timing);
  timing.seconds = quantile(times, 0.5);
  timing.best_seconds = times.front();
  timing.spread = spread(times);
  timing.best_processor_seconds = *std::min_element(prepared.processor_times.begin(), prepared.processor_times.end());
  timing.repeats = static_cast<uint32_t>(times.size());
  return timing;
}

bool is_enough(const Prepared& prepared, const Stopwatch& total, double seconds) {
  return prepared.times.size() >= 3 && (total.seconds() >= seconds || prepared.times.size() >= 2000);
}

}  // namespace

Result<OpTiming> time_op(runtime::Context& context, const OpBench& bench, double seconds, bool naive_only) {
  const Stopwatch total;
  LOWTIDE_TRY(Prepared prepared, prepare(context, bench, naive_only));
  do {
    LOWTIDE_TRY_VOID(time_pass(prepared));
  } while (!is_enough(prepared, total, seconds));
  return finish(prepared);
}

Result<OpRungs> time_rungs(runtime::Context& context, const OpBench& bench, double seconds) {
  const Stopwatch total;
  LOWTIDE_TRY(Prepared chosen, prepare(context, bench, false));
  LOWTIDE_TRY(Prepared naive, prepare(context, bench, true));
  do {
    LOWTIDE_TRY_VOID(time_pass(chosen));
    LOWTIDE_TRY_VOID(time_pass(naive));
  } while (!is_enough(chosen, total, seconds));
  return OpRungs{finish(chosen), finish(naive)};
}

}  // namespace lowtide::bench
