// SPDX-License-Identifier: Apache-2.0
// Cases on a device.
#include "tests/harness/device/device_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/plan/plan.hpp"
#include "tests/harness/elements.hpp"

namespace lowtide::harness {
namespace {

using graph::Role;

constexpr uint64_t kGuardBytes = 256;

// A span of the metric arena of which the first bytes are a value's and the rest must stay poisoned.
struct Guard {
  ValueId span;
  uint64_t value_bytes;
};

// Moves the metrics apart, so that a guard band lies before the first and behind each.
std::vector<Guard> add_guards(plan::Program& program) {
  std::vector<Guard> guards;
  uint64_t offset = 0;
  const auto guard = [&](uint64_t value_bytes) {
    const uint64_t bytes = round_up(value_bytes, plan::kPlacementAlignment) + kGuardBytes;
    guards.push_back({ValueId(static_cast<uint32_t>(program.placements.size())), value_bytes});
    program.placements.push_back({plan::Arena::metric, offset, bytes});
    program.value_names.push_back("guard");
    offset += bytes;
  };
  guard(0);
  for (const ValueId id : program.outputs) {
    program.placements[id.index].offset = offset;
    guard(program.placements[id.index].bytes);
  }
  program.arena_bytes[static_cast<size_t>(plan::Arena::metric)] = offset;
  return guards;
}

Result<bool> guards_hold(runtime::Executor& executor, const std::vector<Guard>& guards) {
  for (const Guard& guard : guards) {
    std::vector<std::byte> bytes(executor.program().placement(guard.span).bytes);
    LOWTIDE_TRY_VOID(executor.read(guard.span, bytes));
    for (size_t i = round_up(guard.value_bytes, 4); i + 4 <= bytes.size(); i += 4) {
      uint32_t word = 0;
      std::memcpy(&word, bytes.data() + i, 4);
      if (word != runtime::kPoisonWord) return false;
    }
  }
  return true;
}

// Values that the case does not set: whole arenas start as zeros, as a trainer leaves them.
Result<void> clear_arenas(runtime::Executor& executor, const graph::Graph& graph) {
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const graph::Value& value = graph.values()[i];
    const ValueId id(static_cast<uint32_t>(i));
    const bool is_flat = value.is_whole_arena || value.role == Role::parameter;
    if (!is_flat || executor.program().placement(id).bytes == 0) continue;
    const std::vector<std::byte> zeros(executor.program().placement(id).bytes);
    LOWTIDE_TRY_VOID(executor.write(id, zeros));
  }
  return {};
}

Result<bool> counters_are_zero(runtime::Executor& executor) {
  const std::vector<plan::Placement>& placements = executor.program().placements;
  for (size_t i = 0; i < placements.size(); ++i) {
    if (placements[i].arena != plan::Arena::counter || placements[i].bytes == 0) continue;
    std::vector<std::byte> bytes(placements[i].bytes);
    LOWTIDE_TRY_VOID(executor.read(ValueId(static_cast<uint32_t>(i)), bytes));
    if (std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; })) return false;
  }
  return true;
}

// Outputs and gradients of the step that the slot holds.
Result<void> fetch_elements(const DifferentiatedCase& built, runtime::Executor& executor, uint32_t slot,
                            DeviceRun& run) {
  const graph::Graph& graph = *built.graph;
  const auto fetch = [&](ValueId id) -> Result<void> {
    if (!id.is_valid()) return {};
    std::vector<std::byte> bytes(executor.program().placement(id).bytes);
    if (graph.value(graph.storage_of(id)).role == Role::metric) {
      const auto output = executor.output(slot, graph.storage_of(id));
      bytes.assign(output.begin(), output.end());
    } else {
      LOWTIDE_TRY_VOID(executor.read(id, bytes));
    }
    run.elements[id.index] = elements_of(graph.desc(id), bytes);
    return {};
  };
  for (const ValueId id : built.outputs) LOWTIDE_TRY_VOID(fetch(id));
  for (const ValueId id : built.input_gradients) LOWTIDE_TRY_VOID(fetch(id));
  return {};
}

Result<void> repeat(const DifferentiatedCase& built, runtime::Executor& executor, uint32_t repetitions,
                    DeviceRun& run) {
  for (uint32_t i = 0; i < repetitions; ++i) {
    LOWTIDE_TRY(const uint32_t slot, executor.acquire());
    LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
    LOWTIDE_TRY_VOID(executor.wait(ticket));
    DeviceRun again;
    LOWTIDE_TRY_VOID(fetch_elements(built, executor, slot, again));
    run.other_bits += again.elements == run.elements ? 0 : 1;
  }
  return {};
}

std::unique_ptr<runtime::Context> opened;  // test_context()

// The device is closed when the last test has ended, not by a static destructor: the validation layer has statics of
// its own, of which some are gone by then.
class CloseDevice : public testing::EmptyTestEventListener {
 private:
  void OnTestProgramEnd(const testing::UnitTest&) override { opened.reset(); }
};

[[maybe_unused]] const bool closes_device = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new CloseDevice());
  return true;
}();

}  // namespace

runtime::Context& test_context() {
  if (opened == nullptr) {
    auto created = runtime::Context::create();
    if (!created) {
      std::fprintf(stderr, "the device tests need a Vulkan device: %s\n", created.error().to_string().c_str());
      std::exit(1);
    }
    opened = std::move(*created);
  }
  return *opened;
}

Result<DeviceRun> run_on_device(const DifferentiatedCase& built, const graph::LowerTarget& target,
                                runtime::KernelForm form, uint32_t repetitions) {
  runtime::Context& context = test_context();
  const graph::Graph& graph = *built.graph;
  LOWTIDE_TRY(plan::Program program, plan::make_program(graph, target));
  const std::vector<Guard> guards = add_guards(program);
  LOWTIDE_TRY(const auto executor,
              runtime::Executor::create(context, std::move(program), {}, {.slots = 1, .poison = true, .form = form}));
  LOWTIDE_TRY_VOID(clear_arenas(*executor, graph));
  LOWTIDE_TRY(const uint32_t slot, executor->acquire());
  for (const Drawn& drawn : draw_inputs(built)) {
    const std::vector<std::byte> bytes = bytes_of(graph.desc(drawn.id), drawn.elements);
    if (executor->program().placement(drawn.id).bytes == 0) continue;
    if (graph.value(drawn.id).role == Role::input) {
      std::copy(bytes.begin(), bytes.end(), executor->input(slot, drawn.id).begin());
    } else {
      LOWTIDE_TRY_VOID(executor->write(drawn.id, bytes));
    }
  }
  for (const ValueId id : graph.with_role(Role::step)) {
    std::memcpy(executor->input(slot, id).data(), &built.step, sizeof built.step);
  }
  LOWTIDE_TRY(const runtime::Ticket ticket, executor->submit(slot));
  LOWTIDE_TRY_VOID(executor->wait(ticket));
  DeviceRun run;
  LOWTIDE_TRY_VOID(fetch_elements(built, *executor, slot, run));
  run.has_counters = executor->program().arena_bytes[static_cast<size_t>(plan::Arena::counter)] > 0;
  if (run.has_counters) LOWTIDE_TRY_VOID(repeat(built, *executor, repetitions, run));
  LOWTIDE_TRY(run.counters_are_zero, counters_are_zero(*executor));
  LOWTIDE_TRY(run.guards_are_intact, guards_hold(*executor, guards));
  return run;
}

}  // namespace lowtide::harness
