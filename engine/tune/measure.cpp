// SPDX-License-Identifier: Apache-2.0
// Variants in turns, so that what else the machine does happens to all of them.
#include "engine/tune/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "engine/base/stopwatch.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/lower.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/executor.hpp"
#include "engine/tune/lone_node.hpp"
#include "shaders/lib/step_block.h"

namespace lowtide::tune {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

constexpr uint32_t kMostPasses = 30, kFewestPasses = 3;
constexpr double kHopeless = 1.5;   // times the best: dropped
constexpr double kFarBehind = 4.0;  // times the best in its first pass: not raced at all
constexpr double kCloseEnough = 1e-3;
constexpr double kLongPass = 1e-3;  // a shorter pass is timed several times in one submission
constexpr uint32_t kShortPasses = 8;

struct Candidate {
  VariantTime result;
  plan::Program program;
  std::unique_ptr<runtime::Executor> executor = nullptr;
  uint32_t repeats = 1;  // passes of a submission
  bool is_dropped = false;
};

graph::LowerTarget target_of(const runtime::Context& context, const graph::Tuning& tuning) {
  return {.caps = context.caps(), .tuning = &tuning};
}

bool is_same(const plan::Program& a, const plan::Program& b) {
  return std::equal(a.dispatches.begin(), a.dispatches.end(), b.dispatches.begin(), b.dispatches.end(),
                    [](const Dispatch& x, const Dispatch& y) {
                      return x.kernel == y.kernel && x.spec == y.spec && x.params == y.params &&
                             x.groups.x == y.groups.x && x.groups.y == y.groups.y && x.groups.z == y.groups.z;
                    });
}

// The rule's variant first, then the others whose dispatches differ from all before.
Result<std::vector<Candidate>> candidates_of(const runtime::Context& context, const Graph& lone) {
  const Node& node = lone.nodes().back();
  std::vector<std::string> names = plan::fitting_variants(node, lone, {.caps = context.caps()});
  if (names.empty()) names.emplace_back("rule");
  names.emplace_back(graph::kNaiveVariant);
  std::vector<Candidate> candidates;
  for (const std::string& name : names) {
    graph::Tuning tuning;
    if (!candidates.empty()) tuning.by_op[std::string(node.op->name)] = name;
    auto program = plan::make_program(lone, target_of(context, tuning));
    if (!program) {
      if (candidates.empty()) return tl::unexpected(program.error());
      continue;
    }
    const bool is_known = std::any_of(candidates.begin(), candidates.end(),
                                      [&](const Candidate& other) { return is_same(other.program, *program); });
    if (is_known) continue;
    Candidate candidate = {.result = {.name = name}, .program = std::move(*program)};
    for (const Dispatch& dispatch : candidate.program.dispatches) {
      candidate.result.kernels +=
          fmt::format("{}{}", candidate.result.kernels.empty() ? "" : " ", kernel_info(dispatch.kernel).name);
    }
    candidates.push_back(std::move(candidate));
  }
  if (candidates.size() > 1 && candidates[0].result.kernels == candidates.back().result.kernels &&
      candidates[0].result.name == "rule") {
    candidates[0].result.name = graph::kNaiveVariant;
  }
  return candidates;
}

plan::Program repeated(const plan::Program& program, uint32_t count) {
  plan::Program out = program;
  for (uint32_t i = 1; i < count; ++i) {
    const auto first = static_cast<uint32_t>(out.dispatches.size());
    out.dispatches.insert(out.dispatches.end(), program.dispatches.begin(), program.dispatches.end());
    out.nodes.insert(out.nodes.end(), program.nodes.begin(), program.nodes.end());
    out.barriers.push_back(first);
    for (const uint32_t at : program.barriers) {
      if (at > 0) out.barriers.push_back(first + at);
    }
  }
  return out;
}

double profiled_seconds(const runtime::Executor& executor) {
  double seconds = 0.0;
  for (const runtime::ProfileRow& row : executor.profile().rows()) seconds += row.seconds;
  return seconds;
}

// By the device's clock where it is no processor of this machine, else by the host's.
Result<double> time_pass(runtime::Executor& executor, const Graph& lone, bool is_profiled) {
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  for (const ValueId id : lone.with_role(Role::step)) {
    const shaders::StepBlock step = {.learning_rate = 1e-3f, .loss_scale = 1.0f};
    std::memcpy(executor.input(slot, id).data(), &step, sizeof step);
  }
  const double before = is_profiled ? profiled_seconds(executor) : 0.0;
  const Stopwatch watch;
  LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
  LOWTIDE_TRY_VOID(executor.wait(ticket));
  return is_profiled ? profiled_seconds(executor) - before : watch.seconds();
}

using Outputs = std::vector<std::vector<std::byte>>;

Result<Outputs> read_outputs(runtime::Executor& executor, const Graph& lone) {
  Outputs outputs;
  for (const ValueId id : lone.nodes().back().outputs) {
    outputs.emplace_back(executor.program().placement(id).bytes);
    if (!outputs.back().empty()) LOWTIDE_TRY_VOID(executor.read(id, outputs.back()));
  }
  return outputs;
}

// f32, by the length of the difference.
bool is_close(const std::vector<std::byte>& a, const std::vector<std::byte>& b) {
  double difference = 0.0, length = 0.0;
  for (size_t i = 0; i + 4 <= a.size(); i += 4) {
    float x = 0, y = 0;
    std::memcpy(&x, a.data() + i, 4);
    std::memcpy(&y, b.data() + i, 4);
    difference += (double{x} - y) * (double{x} - y);
    length += double{x} * x;
  }
  return std::sqrt(difference) <= kCloseEnough * std::sqrt(length);  // false for what is not a number
}

bool is_right(const Outputs& expected, const Outputs& found, const Graph& lone) {
  const Node& node = lone.nodes().back();
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == found[i]) continue;
    const bool may_differ = !node.op->is_exact && lone.desc(node.out(i)).dtype == DType::f32;
    if (!may_differ || !is_close(expected[i], found[i])) return false;
  }
  return true;
}

struct Race {
  runtime::Context& context;
  const Graph& lone;
  std::vector<Candidate> candidates;
  bool is_profiled = false;
  Outputs expected = {};
  double quickest_first = INFINITY;

  Result<void> prepare(Candidate& candidate) {
    const runtime::ExecutorOptions options = {.slots = 1, .profile = is_profiled};
    LOWTIDE_TRY(candidate.executor, runtime::Executor::create(context, candidate.program, {}, options));
    LOWTIDE_TRY_VOID(write_numbers(*candidate.executor, lone));
    LOWTIDE_TRY(const double first, time_pass(*candidate.executor, lone, is_profiled));
    LOWTIDE_TRY(const Outputs outputs, read_outputs(*candidate.executor, lone));
    if (&candidate == candidates.data()) expected = outputs;
    candidate.result.is_right = is_right(expected, outputs, lone);
    candidate.is_dropped = !candidate.result.is_right;
    if (candidate.is_dropped) return {};
    quickest_first = std::min(quickest_first, first);
    if (first > kFarBehind * quickest_first) {
      candidate.result.seconds = first;
      candidate.result.passes = 1;
      candidate.is_dropped = true;
    }
    if (candidate.is_dropped || is_profiled) return {};
    LOWTIDE_TRY(const double warm, time_pass(*candidate.executor, lone, is_profiled));
    if (warm > kLongPass) return {};
    candidate.repeats = kShortPasses;
    LOWTIDE_TRY(candidate.executor,
                runtime::Executor::create(context, repeated(candidate.program, kShortPasses), {}, options));
    return write_numbers(*candidate.executor, lone);
  }

  Result<void> time(Candidate& candidate) {
    VariantTime& result = candidate.result;
    LOWTIDE_TRY(double seconds, time_pass(*candidate.executor, lone, is_profiled));
    seconds /= candidate.repeats;
    result.seconds = result.passes == 0 ? seconds : std::min(result.seconds, seconds);
    ++result.passes;
    return {};
  }

  double best() const {
    double seconds = INFINITY;
    for (const Candidate& c : candidates) {
      if (!c.is_dropped && c.result.passes > 0) seconds = std::min(seconds, c.result.seconds);
    }
    return seconds;
  }

  size_t running() const {
    return static_cast<size_t>(
        std::count_if(candidates.begin(), candidates.end(), [](const Candidate& c) { return !c.is_dropped; }));
  }

  // The rule's variant must run; another one that does not is out.
  template <class Step>
  Result<void> attempt(Candidate& candidate, const Step& step) {
    const Result<void> done = step();
    if (done) return {};
    if (&candidate == candidates.data() || done.error().code == ErrorCode::device_lost) return done;
    candidate.result.error = done.error().text;
    candidate.is_dropped = true;
    return {};
  }

  Result<void> run(double seconds) {
    const Stopwatch total;
    for (Candidate& candidate : candidates) {
      if (&candidate != candidates.data() && total.seconds() >= seconds) {
        candidate.is_dropped = true;
        candidate.result.error = "no time was left for it";
        continue;
      }
      LOWTIDE_TRY_VOID(attempt(candidate, [&] { return prepare(candidate); }));
    }
    for (uint32_t pass = 0; pass < kMostPasses; ++pass) {
      for (Candidate& candidate : candidates) {
        if (candidate.is_dropped) continue;
        LOWTIDE_TRY_VOID(attempt(candidate, [&] { return time(candidate); }));
      }
      if (pass + 1 < kFewestPasses) continue;
      const double limit = kHopeless * best();
      for (Candidate& candidate : candidates) candidate.is_dropped |= candidate.result.seconds > limit;
      if (total.seconds() >= seconds || running() == 1) break;
    }
    return {};
  }
};

}  // namespace

bool is_tunable(const Node& node, const Graph& graph) {
  if (node.op->is_view || node.op->lower == nullptr || node.inputs.empty()) return false;
  for (const ValueId id : node.inputs) {
    if (graph.value(id).is_whole_arena) return false;
  }
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
    const graph::Value& value = graph.value(id);
    const bool is_own = value.role == Role::activation || value.role == Role::gradient || value.role == Role::metric;
    return !value.is_whole_arena && (is_own || value.role == Role::state);
  });
}

Result<NodeTimes> measure_node(runtime::Context& context, const Node& node, const Graph& graph, double seconds) {
  LOWTIDE_TRY(const auto lone, lone_node(node, graph));
  LOWTIDE_TRY(std::vector<Candidate> candidates, candidates_of(context, *lone));
  NodeTimes times = {.node = node.name, .signature = node_signature(node, graph), .variants = {}};
  const bool has_clock = context.caps().timestamp_period_ns > 0.0f && !context.caps().is_software();
  Race race = {.context = context, .lone = *lone, .candidates = std::move(candidates), .is_profiled = has_clock};
  if (race.candidates.size() > 1) LOWTIDE_TRY_VOID(race.run(seconds));
  for (Candidate& candidate : race.candidates) times.variants.push_back(std::move(candidate.result));
  double best = times.variants[0].seconds * kWorthwhile;
  for (size_t i = 1; i < times.variants.size(); ++i) {
    const VariantTime& variant = times.variants[i];
    if (!variant.is_right || !variant.error.empty() || variant.passes == 0 || variant.seconds >= best) continue;
    best = variant.seconds;
    times.best = i;
  }
  return times;
}

Result<TuneResult> tune_graph(runtime::Context& context, const Graph& graph, const TuneOptions& options) {
  struct Work {
    const Node* node;
    double cost;  // of all nodes of the signature
  };
  std::map<std::string, Work> distinct;
  for (const Node& node : graph.nodes()) {
    if (!is_tunable(node, graph) || (options.exact_only && !node.op->is_exact)) continue;
    const graph::Cost cost = graph::cost_of(node, graph);
    const double one = static_cast<double>(cost.multiply_adds) + static_cast<double>(cost.bytes);
    distinct.try_emplace(node_signature(node, graph), Work{&node, 0.0}).first->second.cost += one;
  }
  std::vector<Work> order;
  for (const auto& [signature, work] : distinct) order.push_back(work);
  std::stable_sort(order.begin(), order.end(), [](const Work& a, const Work& b) { return a.cost > b.cost; });

  TuneResult result;
  const Stopwatch total;
  for (const Work& work : order) {
    const double left = options.seconds - total.seconds();
    if (left <= 0.0) {
      ++result.left;
      continue;
    }
    auto times = measure_node(context, *work.node, graph, std::min(left, options.seconds_per_node));
    if (!times && times.error().code == ErrorCode::device_lost) return tl::unexpected(times.error());
    if (!times) continue;  // its op wants more than a node alone has: the rules decide
    ++result.measured;
    if (times->variants.size() < 2) continue;
    result.tuning.by_node[times->signature] = times->variants[times->best].name;
    result.changed += times->is_changed() ? 1 : 0;
    if (options.report) options.report(*times);
  }
  return result;
}

}  // namespace lowtide::tune
