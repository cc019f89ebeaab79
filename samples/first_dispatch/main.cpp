// SPDX-License-Identifier: Apache-2.0
// One kernel, one buffer: fills a thousand words on the device and reads them back. A Program is usually planned from a
// graph (samples/inspect_program); here it is made by hand, to show that it is plain data.
#include <cstdio>
#include <cstring>
#include <vector>

#include "engine/kernel/dispatch.hpp"
#include "engine/plan/program.hpp"
#include "engine/runtime/context.hpp"
#include "engine/runtime/executor.hpp"
#include "gen/kernels/fill.hpp"
#include "shaders/fill/fill.params.h"

namespace {

using namespace lowtide;

constexpr uint32_t kCount = 1000;
constexpr uint32_t kWord = 0x10717de5;
constexpr uint64_t kBytes = kCount * sizeof(uint32_t);

// A program of one dispatch, whose only value lies in the arena that the host reads after every submission.
plan::Program one_dispatch() {
  plan::Program program;
  const ValueId words(0);
  program.placements.push_back({plan::Arena::metric, 0, kBytes});
  program.arena_bytes[static_cast<size_t>(plan::Arena::metric)] = kBytes;
  program.chunk_bytes = uint64_t{1} << 20;
  program.value_names = {"words"};
  program.outputs = {words};
  DispatchList list(1);
  list.set_node_name("first");
  const kernels::fill_forward_naive kernel{.y = words};
  list.add(kernel, shaders::FillParams{0, kCount, kWord}, groups_for(kCount, kernel.spec.words()[0]));
  program.dispatches = list.dispatches();
  return program;
}

Result<uint32_t> count_right_words() {
  LOWTIDE_TRY(const auto context, runtime::Context::create());
  std::printf("%s\n", context->banner().c_str());
  LOWTIDE_TRY(const auto executor, runtime::Executor::create(*context, one_dispatch()));
  LOWTIDE_TRY(const uint32_t slot, executor->acquire());
  LOWTIDE_TRY(const runtime::Ticket ticket, executor->submit(slot));
  LOWTIDE_TRY_VOID(executor->wait(ticket));
  std::vector<uint32_t> words(kCount);
  std::memcpy(words.data(), executor->output(slot, ValueId(0)).data(), kBytes);
  uint32_t right = 0;
  for (const uint32_t word : words) right += word == kWord ? 1 : 0;
  return right;
}

}  // namespace

int main() {
  const Result<uint32_t> right = count_right_words();
  if (!right) {
    std::fprintf(stderr, "first_dispatch: %s\n", right.error().to_string().c_str());
    return 1;
  }
  std::printf("%u of %u words are %#x\n", *right, kCount, kWord);
  return *right == kCount ? 0 : 1;
}
