// SPDX-License-Identifier: Apache-2.0
// Timing of single ops.
#include "tools/bench/op_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/rng.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/executor.hpp"

namespace lowtide::bench {
namespace {

using graph::Graph;
using graph::Role;

// Numbers in [-1, 1), or any words for integer and packed types.
void fill_randomly(const TensorDesc& desc, std::vector<std::byte>& bytes, uint32_t stream) {
  Rng rng(1, stream);
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t word = rng.next();
    if (desc.dtype == DType::f32) {
      const float value = unit_float(word) * 2.0f - 1.0f;
      std::memcpy(&word, &value, 4);
    } else if (desc.dtype == DType::i32) {
      word = word % 64 - 32;  // thresholds: on both sides of zero, so that no sign of accumulators gives zeros only
    }
    std::memcpy(bytes.data() + i, &word, 4);
  }
}

Result<void> set_constants(runtime::Executor& executor, const Graph& graph) {
  for (const ValueId id : graph.with_role(Role::constant)) {
    std::vector<std::byte> bytes(executor.program().placement(id).bytes);
    fill_randomly(graph.desc(id), bytes, id.index);
    LOWTIDE_TRY_VOID(executor.write(id, bytes));
  }
  return {};
}

Result<double> pass(runtime::Executor& executor) {
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  const Stopwatch watch;
  LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
  LOWTIDE_TRY_VOID(executor.wait(ticket));
  return watch.seconds();
}

// The output must not be zero everywhere: a kernel that did nothing would be the fastest.
Result<void> verify(runtime::Executor& executor, const Graph& graph, const std::string& name) {
  const graph::Node& node = graph.nodes().back();
  std::vector<std::byte> bytes(executor.program().placement(node.out()).bytes);
  LOWTIDE_TRY_VOID(executor.read(node.out(), bytes));
  bool any = false;
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, 4);
    any = any || word != 0;
    float value = 0;
    std::memcpy(&value, &word, 4);
    if (graph.desc(node.out()).dtype == DType::f32 && !std::isfinite(value)) {
      return fail(ErrorCode::numeric, name + " gave a number that is not finite; its timing would mean nothing");
    }
  }
  if (any) return {};
  return fail(ErrorCode::numeric, name + " gave zeros everywhere; its timing would mean nothing");
}

}  // namespace

Result<OpTiming> time_op(runtime::Context& context, const OpBench& bench, double seconds, bool naive_only) {
  Graph graph;
  LOWTIDE_TRY_VOID(bench.build(graph));
  LOWTIDE_TRY(plan::Program program, plan::make_program(graph, {.caps = context.caps(), .naive_only = naive_only}));
  OpTiming timing = {.name = bench.name, .arithmetic = bench.arithmetic};
  for (const Dispatch& dispatch : program.dispatches) {
    const std::string_view kernel = kernel_info(dispatch.kernel).name;
    timing.kernels += fmt::format("{}{}", timing.kernels.empty() ? "" : " ", kernel);
  }
  const graph::Cost cost = graph::cost_of(graph.nodes().back(), graph);
  timing.multiply_adds = static_cast<double>(cost.multiply_adds) * bench.plane_products;
  timing.bytes = static_cast<double>(cost.bytes);
  LOWTIDE_TRY(const auto executor, runtime::Executor::create(context, std::move(program), {}, {.slots = 1}));
  LOWTIDE_TRY_VOID(set_constants(*executor, graph));
  const Stopwatch total;
  LOWTIDE_TRY_VOID(pass(*executor));
  LOWTIDE_TRY_VOID(verify(*executor, graph, bench.name));
  std::vector<double> times;
  do {
    LOWTIDE_TRY(const double time, pass(*executor));
    times.push_back(time);
  } while (times.size() < 3 || (total.seconds() < seconds && times.size() < 2000));
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double q) { return times[static_cast<size_t>(q * static_cast<double>(times.size() - 1))]; };
  timing.seconds = quantile(0.5);
  timing.best_seconds = times.front();
  timing.spread = (quantile(0.9) - quantile(0.1)) / timing.seconds;
  timing.repeats = static_cast<uint32_t>(times.size());
  return timing;
}

}  // namespace lowtide::bench
