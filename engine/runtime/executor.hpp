// SPDX-License-Identifier: Apache-2.0
// Executor: a Program on a device, recorded once and replayed by one submission per step. After creation, a step makes
// no driver object, allocates nothing and writes no descriptor. One thread at a time per executor.
//
//   acquire -> fill input(slot, ...) -> submit(slot) -> [next slot ...] -> wait(ticket) -> output(slot, ...)
//
// Slots let the host prepare the next step while the device works: inputs and outputs of a slot have memory of their
// own; everything else exists once, and steps run one after the other on the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/id.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/program.hpp"
#include "engine/runtime/arena.hpp"
#include "engine/runtime/context.hpp"
#include "engine/runtime/profile.hpp"
#include "engine/vk/ticket.hpp"

namespace lowtide::runtime {

using vk::Ticket;

// Which form of the kernels to use; one that a kernel or the device lacks is replaced by the other.
enum class KernelForm : uint8_t { preferred, storage_buffer, device_address };

struct ExecutorOptions {
  uint32_t slots = 2;
  bool profile = false;  // times every dispatch, with a barrier after each
  bool poison = false;   // fills new arenas with kPoisonWord instead of zeros: for tests
  KernelForm form = KernelForm::preferred;
  // Seconds that one submission may take (runtime/pieces.hpp), 0: any. Without it kSubmitSeconds on GPUs, and any on
  // software drivers, which have no time-out.
  std::optional<double> submit_seconds = {};
};
inline constexpr uint32_t kPoisonWord = 0x7fc0dead;  // as f32: a quiet NaN

class Executor {
 public:
  using Options = ExecutorOptions;

  // Arenas that `shared` holds are used as they are; the others are allocated and filled with zeros (or poison).
  // Errors: the program asks for more than the device has (`unsupported`, `out_of_memory`), a shared arena does not fit
  // the program (`invalid_argument`).
  static Result<std::unique_ptr<Executor>> create(Context& context, plan::Program program, ArenaSet shared = {},
                                                  Options options = {});
  ~Executor();  // does not wait: what submitted work still uses is destroyed later, by the context's timeline
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // A slot to fill. Waits for the slot's previous submission; its outputs are lost.
  Result<uint32_t> acquire();

  // Host memory of an input of an acquired slot; placement bytes long; contents are what this slot held last.
  std::span<std::byte> input(uint32_t slot, ValueId value);

  // The slot's inputs into the arenas, the dispatches, the outputs into the slot's memory: one submission, or as many
  // as Options::submit_seconds asks for. The first one waits, and is timed.
  Result<Ticket> submit(uint32_t slot);
  size_t submissions() const;  // that a step is made of

  // Blocks until the submission and all earlier ones are done.
  Result<void> wait(Ticket ticket);
  // The same for at most so many nanoseconds, 0 included; false: they are not done yet.
  Result<bool> wait_for(Ticket ticket, uint64_t nanoseconds);

  // Host memory of an output: valid after waiting for the slot's ticket, until the slot is acquired again.
  std::span<const std::byte> output(uint32_t slot, ValueId value) const;

  // Blocking copies of whole values (placement bytes) in the arenas, ordered after everything submitted before.
  Result<void> write(ValueId value, std::span<const std::byte> bytes);
  Result<void> read(ValueId value, std::span<std::byte> bytes);

  const plan::Program& program() const;
  const ArenaSet& arenas() const;

  // Times of all steps that were waited for; empty unless Options::profile.
  const Profile& profile() const;

 private:
  struct State;
  explicit Executor(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace lowtide::runtime
