// SPDX-License-Identifier: Apache-2.0
// A self-test as a program of one dispatch.
#include "engine/verify/run_case.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "engine/kernel/bank.hpp"
#include "engine/runtime/executor.hpp"
#include "shaders/self_test/self_test.params.h"

namespace lowtide::verify {
namespace {

constexpr uint64_t kPatience = 10'000'000'000;  // nanoseconds: a thousand times what any of them takes
const ValueId kX = ValueId(0), kY = ValueId(1);

plan::Program program_of(const Case& test) {
  plan::Program program;
  const auto place = [&](plan::Arena arena, uint64_t words) {
    program.placements.push_back({arena, 0, words * 4});
    program.arena_bytes[static_cast<size_t>(arena)] = words * 4;
  };
  place(plan::Arena::input, test.input.size());
  place(plan::Arena::metric, test.output_words);
  program.chunk_bytes = uint64_t{1} << 20;
  program.value_names = {"x", "y"};
  program.inputs = {kX};
  program.outputs = {kY};
  DispatchList list(2);
  list.set_node_name("self_test");
  const shaders::SelfTestParams params = {test.count};
  const KernelInfo& kernel = kernel_info(*find_kernel(test.kernel));
  const std::array<ValueId, 2> values = {kX, kY};
  std::array<uint32_t, 4> spec = {};
  std::copy_n(test.spec.begin(), std::min(test.spec.size(), spec.size()), spec.begin());
  list.add_raw(*find_kernel(test.kernel), values, spec, &params, sizeof params, {test.groups, 1, 1}, kernel.name);
  program.dispatches = list.dispatches();
  program.dispatches.front().spec_count = static_cast<uint32_t>(test.spec.size());
  return program;
}

}  // namespace

Result<std::string> run_case(runtime::Context& context, const Case& test, bool is_lie) {
  const auto form = test.by_device_address ? runtime::KernelForm::device_address : runtime::KernelForm::preferred;
  LOWTIDE_TRY(const auto executor,
              runtime::Executor::create(context, program_of(test), {}, {.slots = 1, .form = form}));
  LOWTIDE_TRY(const uint32_t slot, executor->acquire());
  std::memcpy(executor->input(slot, kX).data(), test.input.data(), test.input.size() * 4);
  LOWTIDE_TRY(const runtime::Ticket ticket, executor->submit(slot));
  LOWTIDE_TRY(const bool is_done, executor->wait_for(ticket, kPatience));
  if (!is_done) return fail(ErrorCode::device_lost, "it did not end within 10 seconds");
  std::vector<uint32_t> found(test.output_words);
  std::memcpy(found.data(), executor->output(slot, kY).data(), found.size() * 4);
  std::vector<uint32_t> expected = test.expected(found);
  if (is_lie) expected.back() ^= 1u;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    return fmt::format("word {} of {} should be {:#010x}, found {:#010x}", i, test.kernel, expected[i], found[i]);
  }
  return std::string();
}

}  // namespace lowtide::verify
