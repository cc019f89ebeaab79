// SPDX-License-Identifier: Apache-2.0
// Record once, replay: the only caller of the recorder for programs.
#include "engine/runtime/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/runtime/bindings.hpp"
#include "engine/runtime/limits.hpp"
#include "engine/runtime/pieces.hpp"
#include "engine/runtime/staging.hpp"
#include "engine/vk/buffer.hpp"
#include "engine/vk/recorder.hpp"
#include "engine/vk/timeline.hpp"
#include "engine/vk/timestamps.hpp"

namespace lowtide::runtime {
namespace {

constexpr uint64_t kHostAlignment = 64;  // of each value in a slot's memory

// Where the values that cross to or from the host lie in a slot's memory.
struct HostLayout {
  std::vector<uint64_t> offsets;  // by index in Program::inputs or ::outputs
  uint64_t bytes = 0;
};

HostLayout lay_out(const plan::Program& program, const std::vector<ValueId>& values) {
  HostLayout layout;
  for (const ValueId value : values) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += round_up(program.placement(value).bytes, kHostAlignment);
  }
  return layout;
}

struct Slot {
  vk::Buffer upload;                      // without memory where the program has no inputs
  vk::Buffer readback;                    // likewise
  std::vector<VkCommandBuffer> commands;  // of each piece
  std::unique_ptr<vk::Timestamps> times;  // profile only
  Ticket last;
  bool is_acquired = false;
  bool has_new_times = false;
};

double bytes_moved(const plan::Program& program, const Dispatch& dispatch) {
  const KernelInfo& kernel = kernel_info(dispatch.kernel);
  double bytes = 0.0;
  for (uint32_t i = 0; i < dispatch.value_count; ++i) {
    const double times = kernel.bindings[i].access == Access::read_write ? 2.0 : 1.0;
    bytes += times * static_cast<double>(program.placement(dispatch.values[i]).bytes);
  }
  return bytes;
}

}  // namespace

// Everything that submitted work uses; outlives the executor until that work is done.
struct Executor::State {
  State(Context& ctx, plan::Program prog, ArenaSet set, Options opts)
      : context(ctx), program(std::move(prog)), arenas(std::move(set)), options(opts) {}

  Result<void> allocate_arenas();
  Result<void> warm_up();
  Result<void> make_slot(Slot& slot);
  Result<void> record(Slot& slot);
  Result<void> record_piece(VkCommandBuffer commands, const Slot& slot, uint32_t first, uint32_t end);
  void record_dispatches(vk::Recorder& recorder, const Slot& slot, uint32_t first, uint32_t end);
  Result<Ticket> measure(const Slot& slot);
  vk::CopyRegion region(const Slot& slot, size_t index, bool is_input) const;
  Result<void> collect_times(Slot& slot);
  std::span<std::byte> host_memory(vk::Buffer& buffer, const HostLayout& layout, const std::vector<ValueId>& values,
                                   ValueId value) const;
  Result<ArenaStorage::Location> locate(ValueId value, size_t bytes) const;

  Context& context;
  plan::Program program;
  ArenaSet arenas;
  Options options;
  HostLayout inputs;
  HostLayout outputs;
  std::unique_ptr<Bindings> bindings;
  std::unique_ptr<vk::CommandPool> pool;
  std::vector<Slot> slots;
  uint32_t next_slot = 0;
  vk::Labels labels;
  Profile profile;
  std::vector<uint32_t> ends;   // of the pieces that a step is submitted in
  double submit_seconds = 0.0;  // that a piece may take; 0: any
  bool is_measured = false;
};

Executor::Executor(std::shared_ptr<State> state) : state_(std::move(state)) {}

Executor::~Executor() {
  Ticket last;
  for (const Slot& slot : state_->slots) last = std::max(last, slot.last);
  vk::Timeline& timeline = state_->context.timeline();
  timeline.retire(last, std::move(state_));
}

Result<std::unique_ptr<Executor>> Executor::create(Context& context, plan::Program program, ArenaSet shared,
                                                   Options options) {
  LOWTIDE_CHECK(options.slots > 0, "an executor needs a slot");
  LOWTIDE_TRY_VOID(check_limits(program, context.caps()));
  auto state = std::make_shared<State>(context, std::move(program), std::move(shared), options);
  std::vector<std::string> labels;
  for (const Dispatch& dispatch : state->program.dispatches) labels.emplace_back(dispatch.label.data());
  state->labels = std::make_shared<const std::vector<std::string>>(std::move(labels));
  state->ends = {narrow<uint32_t>(state->program.dispatches.size())};
  state->submit_seconds = options.submit_seconds.value_or(context.caps().is_software() ? 0.0 : kSubmitSeconds);
  state->inputs = lay_out(state->program, state->program.inputs);
  state->outputs = lay_out(state->program, state->program.outputs);

  LOWTIDE_TRY_VOID(state->allocate_arenas());
  for (const plan::Table& table : state->program.tables) {
    const auto bytes = std::as_bytes(std::span(table.words));
    LOWTIDE_TRY(const ArenaStorage::Location at, state->locate(table.id, bytes.size()));
    LOWTIDE_TRY_VOID(context.staging().write(*at.buffer, at.offset, bytes));
  }
  std::optional<vk::BindingForm> form;
  if (options.form == KernelForm::storage_buffer) form = vk::BindingForm::storage_buffer;
  if (options.form == KernelForm::device_address && context.caps().has(bit(Feature::device_address))) {
    form = vk::BindingForm::device_address;
  }
  LOWTIDE_TRY(state->bindings, Bindings::create(context, state->program, state->arenas, form));
  LOWTIDE_TRY(state->pool, vk::CommandPool::create(context.device()));
  LOWTIDE_TRY_VOID(state->warm_up());
  state->slots.resize(options.slots);
  for (Slot& slot : state->slots) LOWTIDE_TRY_VOID(state->make_slot(slot));
  return std::unique_ptr<Executor>(new Executor(std::move(state)));
}

Result<void> Executor::State::allocate_arenas() {
  std::vector<const vk::Buffer*> fresh, counters;
  for (uint32_t i = 0; i < plan::kArenaCount; ++i) {
    const uint64_t bytes = program.arena_bytes[i];
    const plan::Arena arena = static_cast<plan::Arena>(i);
    if (arenas[i] != nullptr && !arenas[i]->fits(bytes, program.chunk_bytes)) {
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("the shared arena '{}' has {} bytes, the program places {} there in chunks of {}; plan it "
                      "with the placements of the program that it shares with",
                      plan::arena_name(arena), arenas[i]->bytes(), bytes, program.chunk_bytes));
    }
    if (arenas[i] != nullptr || bytes == 0) continue;
    LOWTIDE_TRY(arenas[i], ArenaStorage::create(context, arena, bytes, program.chunk_bytes));
    for (const vk::Buffer& chunk : arenas[i]->chunks()) {
      (arena == plan::Arena::counter ? counters : fresh).push_back(&chunk);
    }
  }
  if (!counters.empty()) LOWTIDE_TRY_VOID(context.staging().fill(counters, 0));
  if (fresh.empty()) return {};
  return context.staging().fill(fresh, options.poison ? kPoisonWord : 0);
}

// Mesa's software driver translates a pipeline to machine code when it is first dispatched (20 ms each, from its own
// disk cache 0.6 ms), not when it is made. A dispatch of no workgroups makes it do so now, and touches no memory.
Result<void> Executor::State::warm_up() {
  if (!context.caps().is_software() || program.dispatches.empty()) return {};
  const Stopwatch watch;
  LOWTIDE_TRY(const VkCommandBuffer commands, pool->allocate());
  LOWTIDE_TRY(vk::Recorder recorder, vk::Recorder::begin(context.device(), commands));
  recorder.barrier(vk::Barrier::all_to_all);
  std::set<const vk::Pipeline*> known;
  for (const BoundDispatch& bound : bindings->dispatches()) {
    if (!known.insert(bound.pipeline).second) continue;
    const Dispatch& dispatch = program.dispatches[static_cast<size_t>(&bound - bindings->dispatches().data())];
    recorder.bind(*bound.pipeline, bound.set, bound.dynamic_offset);
    recorder.push(std::span(dispatch.params).first(dispatch.param_bytes));
    recorder.dispatch({0, 0, 0});
    recorder.barrier(vk::Barrier::compute_to_compute);  // validation counts it as an access all the same
  }
  LOWTIDE_TRY_VOID(recorder.end());
  LOWTIDE_TRY(const Ticket ticket, context.timeline().submit(commands, labels));
  LOWTIDE_TRY_VOID(context.timeline().wait(ticket));
  context.pipelines().add_seconds(watch.seconds());
  return {};
}

Result<void> Executor::State::make_slot(Slot& slot) {
  const vk::Device& device = context.device();
  if (inputs.bytes > 0) {
    LOWTIDE_TRY(slot.upload, vk::Buffer::create(device, vk::Domain::upload, inputs.bytes, "slot upload"));
    std::fill(slot.upload.mapped().begin(), slot.upload.mapped().end(), std::byte{0});
  }
  if (outputs.bytes > 0) {
    LOWTIDE_TRY(slot.readback, vk::Buffer::create(device, vk::Domain::readback, outputs.bytes, "slot readback"));
  }
  if (options.profile) {
    LOWTIDE_TRY(slot.times, vk::Timestamps::create(device, narrow<uint32_t>(program.dispatches.size() + 1)));
  }
  return record(slot);
}

Result<void> Executor::State::record(Slot& slot) {
  slot.commands.clear();
  uint32_t first = 0;
  for (const uint32_t end : ends) {
    LOWTIDE_TRY(const VkCommandBuffer commands, pool->allocate());
    slot.commands.push_back(commands);
    LOWTIDE_TRY_VOID(record_piece(commands, slot, first, end));
    first = end;
  }
  return {};
}

// Dispatches first .. end - 1; the inputs before the program's first one, the outputs behind its last one.
Result<void> Executor::State::record_piece(VkCommandBuffer commands, const Slot& slot, uint32_t first, uint32_t end) {
  LOWTIDE_TRY(vk::Recorder recorder, vk::Recorder::begin(context.device(), commands));
  if (slot.times != nullptr && first == 0) recorder.reset_queries(slot.times->handle(), slot.times->count());
  recorder.barrier(vk::Barrier::all_to_all);  // after whatever was submitted before, by this executor or another
  for (size_t i = 0; i < program.inputs.size() && first == 0; ++i) {
    if (program.placement(program.inputs[i]).bytes > 0) recorder.copy(region(slot, i, true));
  }
  if (inputs.bytes > 0 && first == 0) recorder.barrier(vk::Barrier::all_to_all);
  record_dispatches(recorder, slot, first, end);
  if (outputs.bytes > 0 && end == program.dispatches.size()) {
    recorder.barrier(vk::Barrier::all_to_all);
    for (size_t i = 0; i < program.outputs.size(); ++i) {
      if (program.placement(program.outputs[i]).bytes > 0) recorder.copy(region(slot, i, false));
    }
    recorder.barrier(vk::Barrier::transfer_to_host);
  }
  return recorder.end();
}

void Executor::State::record_dispatches(vk::Recorder& recorder, const Slot& slot, uint32_t first, uint32_t end) {
  auto next_barrier = std::lower_bound(program.barriers.begin(), program.barriers.end(), first);
  if (slot.times != nullptr && first == 0) recorder.timestamp(slot.times->handle(), 0);
  for (uint32_t i = first; i < end; ++i) {
    const Dispatch& dispatch = program.dispatches[i];
    const BoundDispatch& bound = bindings->dispatches()[i];
    if (next_barrier != program.barriers.end() && *next_barrier == i) {
      recorder.barrier(vk::Barrier::compute_to_compute);
      ++next_barrier;
    }
    recorder.begin_label(dispatch.label.data());
    recorder.bind(*bound.pipeline, bound.set, bound.dynamic_offset);
    recorder.push(std::span(dispatch.params).first(dispatch.param_bytes));
    recorder.dispatch(dispatch.groups);
    recorder.end_label();
    if (slot.times == nullptr) continue;
    recorder.barrier(vk::Barrier::compute_to_compute);  // so that a time is one dispatch's own
    recorder.timestamp(slot.times->handle(), i + 1);
  }
}

vk::CopyRegion Executor::State::region(const Slot& slot, size_t index, bool is_input) const {
  const plan::Placement& placement = program.placement(is_input ? program.inputs[index] : program.outputs[index]);
  const ArenaStorage::Location at = arenas[static_cast<size_t>(placement.arena)]->locate(placement.offset);
  if (is_input) return {slot.upload.handle(), inputs.offsets[index], at.buffer->handle(), at.offset, placement.bytes};
  return {at.buffer->handle(), at.offset, slot.readback.handle(), outputs.offsets[index], placement.bytes};
}

Result<uint32_t> Executor::acquire() {
  const uint32_t index = state_->next_slot;
  Slot& slot = state_->slots[index];
  LOWTIDE_CHECK(!slot.is_acquired, "all slots are acquired; submit one first");
  LOWTIDE_TRY_VOID(wait(slot.last));
  slot.is_acquired = true;
  state_->next_slot = (index + 1) % static_cast<uint32_t>(state_->slots.size());
  return index;
}

std::span<std::byte> Executor::State::host_memory(vk::Buffer& buffer, const HostLayout& layout,
                                                  const std::vector<ValueId>& values, ValueId value) const {
  const auto found = std::find(values.begin(), values.end(), value);
  LOWTIDE_CHECK(found != values.end(), "the value does not cross to the host in this program");
  const uint64_t offset = layout.offsets[static_cast<size_t>(found - values.begin())];
  return buffer.mapped().subspan(static_cast<size_t>(offset), static_cast<size_t>(program.placement(value).bytes));
}

std::span<std::byte> Executor::input(uint32_t slot, ValueId value) {
  LOWTIDE_CHECK(slot < state_->slots.size() && state_->slots[slot].is_acquired, "the slot is not acquired");
  return state_->host_memory(state_->slots[slot].upload, state_->inputs, state_->program.inputs, value);
}

Result<Ticket> Executor::submit(uint32_t slot) {
  LOWTIDE_CHECK(slot < state_->slots.size() && state_->slots[slot].is_acquired, "the slot is not acquired");
  Slot& used = state_->slots[slot];
  used.is_acquired = false;
  if (state_->submit_seconds > 0.0 && !state_->is_measured) {
    LOWTIDE_TRY(used.last, state_->measure(used));
  } else {
    for (const VkCommandBuffer commands : used.commands) {
      LOWTIDE_TRY(used.last, state_->context.timeline().submit(commands, state_->labels));
    }
  }
  used.has_new_times = used.times != nullptr;
  return used.last;
}

size_t Executor::submissions() const {
  return state_->ends.size();
}

// The slot's step, a submission for each dispatch, timed; then all slots are recorded in pieces that keep the limit.
Result<Ticket> Executor::State::measure(const Slot& slot) {
  const auto count = narrow<uint32_t>(program.dispatches.size());
  LOWTIDE_TRY(const auto once, vk::CommandPool::create(context.device()));
  std::vector<double> seconds(count);
  Ticket last;
  for (uint32_t i = 0; i < std::max(count, 1u); ++i) {
    LOWTIDE_TRY(const VkCommandBuffer commands, once->allocate());
    LOWTIDE_TRY_VOID(record_piece(commands, slot, i, std::min(i + 1, count)));
    const Stopwatch watch;
    LOWTIDE_TRY(last, context.timeline().submit(commands, labels));
    LOWTIDE_TRY_VOID(context.timeline().wait(last));
    if (i >= count) break;
    seconds[i] = watch.seconds();
    if (seconds[i] <= submit_seconds) continue;
    log(LogLevel::warning, fmt::format("{} takes {:.3g} s, after which a driver may end it; make the batch smaller",
                                       program.dispatches[i].label.data(), seconds[i]));
  }
  is_measured = true;
  ends = piece_ends(seconds, submit_seconds);
  if (ends.size() == 1) return last;
  for (Slot& each : slots) {
    LOWTIDE_TRY_VOID(context.timeline().wait(each.last));
    LOWTIDE_TRY_VOID(record(each));
  }
  return last;
}

Result<void> Executor::wait(Ticket ticket) {
  LOWTIDE_TRY_VOID(wait_for(ticket, std::numeric_limits<uint64_t>::max()));
  return {};
}

Result<bool> Executor::wait_for(Ticket ticket, uint64_t nanoseconds) {
  LOWTIDE_TRY(const bool is_done, state_->context.timeline().wait_for(ticket, nanoseconds));
  if (!is_done) return false;
  for (Slot& slot : state_->slots) {
    if (slot.has_new_times && slot.last <= ticket) LOWTIDE_TRY_VOID(state_->collect_times(slot));
  }
  return true;
}

Result<void> Executor::State::collect_times(Slot& slot) {
  LOWTIDE_TRY(const std::vector<double> nanoseconds, slot.times->read());
  for (size_t i = 0; i < program.dispatches.size(); ++i) {
    const Dispatch& dispatch = program.dispatches[i];
    profile.add(dispatch.label.data(), (nanoseconds[i + 1] - nanoseconds[i]) * 1e-9, bytes_moved(program, dispatch));
  }
  slot.has_new_times = false;
  return {};
}

std::span<const std::byte> Executor::output(uint32_t slot, ValueId value) const {
  LOWTIDE_CHECK(slot < state_->slots.size() && !state_->slots[slot].is_acquired, "the slot's outputs are gone");
  return state_->host_memory(state_->slots[slot].readback, state_->outputs, state_->program.outputs, value);
}

Result<ArenaStorage::Location> Executor::State::locate(ValueId value, size_t bytes) const {
  LOWTIDE_CHECK(value.index < program.placements.size(), "a value that the program does not have");
  const plan::Placement& placement = program.placement(value);
  if (placement.bytes == 0 || placement.bytes != bytes) {
    const std::string name = value.index < program.value_names.size() ? program.value_names[value.index] : "";
    return fail(ErrorCode::invalid_argument, fmt::format("value {} '{}' has {} bytes on the device, {} were given",
                                                         value.index, name, placement.bytes, bytes));
  }
  return arenas[static_cast<size_t>(placement.arena)]->locate(placement.offset);
}

Result<void> Executor::write(ValueId value, std::span<const std::byte> bytes) {
  LOWTIDE_TRY(const ArenaStorage::Location at, state_->locate(value, bytes.size()));
  return state_->context.staging().write(*at.buffer, at.offset, bytes);
}

Result<void> Executor::read(ValueId value, std::span<std::byte> bytes) {
  LOWTIDE_TRY(const ArenaStorage::Location at, state_->locate(value, bytes.size()));
  return state_->context.staging().read(*at.buffer, at.offset, bytes);
}

const plan::Program& Executor::program() const {
  return state_->program;
}

const ArenaSet& Executor::arenas() const {
  return state_->arenas;
}

const Profile& Executor::profile() const {
  return state_->profile;
}

}  // namespace lowtide::runtime
