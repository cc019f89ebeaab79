// SPDX-License-Identifier: Apache-2.0
// The executor on a device: replay, slots, chunks, sharing, steady state, both binding forms.
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "engine/base/log.hpp"
#include "engine/runtime/executor.hpp"
#include "engine/vk/validation.hpp"
#include "tests/device/hand_made_program.hpp"
#include "tests/harness/device/validation_gate.hpp"

namespace lowtide {
namespace {

using plan::Arena;
using runtime::Context;
using runtime::Executor;
using runtime::ExecutorOptions;
using runtime::KernelForm;
using test::HandMadeProgram;

// One context for the whole file: opening a device is the slow part.
class RuntimeExecutor : public testing::TestWithParam<KernelForm> {
 protected:
  static void SetUpTestSuite() {
    runtime::ContextOptions options;
    options.cache_folder = std::filesystem::path();
    auto made = Context::create(options);
    ASSERT_TRUE(made) << made.error().to_string();
    context_ = std::move(*made);
  }
  static void TearDownTestSuite() { context_.reset(); }

  std::unique_ptr<Executor> executor(HandMadeProgram& program, runtime::ArenaSet shared = {},
                                     ExecutorOptions options = {}) {
    options.form = GetParam();
    auto made = Executor::create(*context_, program.take(), std::move(shared), options);
    EXPECT_TRUE(made) << made.error().to_string();
    return made ? std::move(*made) : nullptr;
  }

  static std::unique_ptr<Context> context_;
};
std::unique_ptr<Context> RuntimeExecutor::context_;

std::vector<uint32_t> counting(uint32_t count, uint32_t first) {
  std::vector<uint32_t> words(count);
  std::iota(words.begin(), words.end(), first);
  return words;
}

std::vector<uint32_t> words_of(std::span<const std::byte> bytes) {
  std::vector<uint32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), words.size() * 4);
  return words;
}

std::vector<uint32_t> read_words(Executor& executor, ValueId value, uint32_t count) {
  std::vector<uint32_t> words(count);
  const Result<void> read = executor.read(value, std::as_writable_bytes(std::span(words)));
  EXPECT_TRUE(read) << read.error().to_string();
  return words;
}

// Runs one step with `words` as input; the output is left in the slot that is returned.
uint32_t step(Executor& executor, ValueId input, const std::vector<uint32_t>& words) {
  const auto slot = executor.acquire();
  EXPECT_TRUE(slot);
  std::memcpy(executor.input(*slot, input).data(), words.data(), words.size() * 4);
  const auto ticket = executor.submit(*slot);
  EXPECT_TRUE(ticket) << ticket.error().to_string();
  EXPECT_TRUE(executor.wait(*ticket));
  return *slot;
}

TEST_P(RuntimeExecutor, EveryStepCarriesItsInputToItsOutput) {
  constexpr uint32_t kCount = 1013;
  HandMadeProgram program;
  const ValueId x = program.value(Arena::input, kCount);
  const ValueId a = program.value(Arena::activation, kCount);
  const ValueId y = program.value(Arena::metric, kCount);
  program.copy(x, a, kCount);
  program.barrier();
  program.copy(a, y, kCount);
  const auto run = executor(program);
  ASSERT_NE(run, nullptr);
  for (uint32_t i = 0; i < 5; ++i) {
    const uint32_t slot = step(*run, x, counting(kCount, 1000 * i));
    EXPECT_EQ(words_of(run->output(slot, y)), counting(kCount, 1000 * i));
    EXPECT_EQ(read_words(*run, a, kCount), counting(kCount, 1000 * i));
  }
}

TEST_P(RuntimeExecutor, TwoStepsInFlightKeepTheirOwnData) {
  constexpr uint32_t kCount = 257;
  HandMadeProgram program;
  const ValueId x = program.value(Arena::input, kCount);
  const ValueId y = program.value(Arena::metric, kCount);
  program.copy(x, y, kCount);
  const auto run = executor(program);
  ASSERT_NE(run, nullptr);
  for (uint32_t round = 0; round < 3; ++round) {
    std::array<uint32_t, 2> slots = {};
    std::array<runtime::Ticket, 2> tickets;
    for (uint32_t i = 0; i < 2; ++i) {
      slots[i] = run->acquire().value();
      const std::vector<uint32_t> words = counting(kCount, 100 * round + 7 * i);
      std::memcpy(run->input(slots[i], x).data(), words.data(), words.size() * 4);
    }
    for (uint32_t i = 0; i < 2; ++i) tickets[i] = run->submit(slots[i]).value();
    ASSERT_TRUE(run->wait(tickets[1]));
    for (uint32_t i = 0; i < 2; ++i) {
      EXPECT_EQ(words_of(run->output(slots[i], y)), counting(kCount, 100 * round + 7 * i));
    }
  }
}

TEST_P(RuntimeExecutor, StateSurvivesFromStepToStep) {
  HandMadeProgram program;
  const ValueId x = program.value(Arena::input, 64);
  const ValueId state = program.value(Arena::state, 64);
  const ValueId y = program.value(Arena::metric, 64);
  program.copy(state, y, 64);  // what the step before left
  program.barrier();
  program.copy(x, state, 64);
  const auto run = executor(program);
  ASSERT_NE(run, nullptr);
  std::vector<uint32_t> expected(64, 0);  // new arenas are zero
  for (uint32_t i = 0; i < 4; ++i) {
    const std::vector<uint32_t> words = counting(64, i * 64);
    EXPECT_EQ(words_of(run->output(step(*run, x, words), y)), expected);
    expected = words;
  }
}

TEST_P(RuntimeExecutor, ValuesInSeveralChunksAreAllReached) {
  constexpr uint32_t kCount = 100;
  HandMadeProgram program(1024);  // two values of 400 bytes fit into a chunk
  std::vector<ValueId> values;
  for (uint32_t i = 0; i < 7; ++i) {
    values.push_back(program.value(Arena::activation, kCount));
    program.fill(values.back(), kCount, 0xabc00000u + i);
  }
  const auto run = executor(program, {}, {.poison = true});
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(read_words(*run, values[6], kCount), std::vector<uint32_t>(kCount, runtime::kPoisonWord));
  ASSERT_TRUE(run->wait(run->submit(run->acquire().value()).value()));
  for (uint32_t i = 0; i < 7; ++i) {
    EXPECT_EQ(read_words(*run, values[i], kCount), std::vector<uint32_t>(kCount, 0xabc00000u + i)) << i;
  }
}

TEST_P(RuntimeExecutor, ASharedArenaIsOneMemory) {
  HandMadeProgram train;
  const ValueId x = train.value(Arena::input, 32);
  const ValueId w = train.value(Arena::parameter, 32);
  train.copy(x, w, 32);
  HandMadeProgram evaluate;
  const ValueId w_again = evaluate.value(Arena::parameter, 32);
  const ValueId y = evaluate.value(Arena::metric, 32);
  evaluate.copy(w_again, y, 32);
  const auto trainer = executor(train);
  ASSERT_NE(trainer, nullptr);
  runtime::ArenaSet shared;
  shared[static_cast<size_t>(Arena::parameter)] = trainer->arenas()[static_cast<size_t>(Arena::parameter)];
  const auto evaluator = executor(evaluate, shared);
  ASSERT_NE(evaluator, nullptr);
  for (uint32_t i = 0; i < 3; ++i) {
    const uint32_t slot = trainer->acquire().value();
    std::memcpy(trainer->input(slot, x).data(), counting(32, i).data(), 128);
    ASSERT_TRUE(trainer->submit(slot));  // not waited for: the evaluation is ordered behind it on the device
    const uint32_t eval_slot = evaluator->acquire().value();
    ASSERT_TRUE(evaluator->wait(evaluator->submit(eval_slot).value()));
    EXPECT_EQ(words_of(evaluator->output(eval_slot, y)), counting(32, i));
  }
}

TEST_P(RuntimeExecutor, ASharedArenaThatIsTooSmallIsRefused) {
  HandMadeProgram small;
  static_cast<void>(small.value(Arena::parameter, 32));
  HandMadeProgram large;
  static_cast<void>(large.value(Arena::parameter, 3200));
  const auto first = executor(small);
  ASSERT_NE(first, nullptr);
  const auto second = Executor::create(*context_, large.take(), first->arenas());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(second.error().text.find("'parameter'"), std::string::npos) << second.error().text;
}

TEST_P(RuntimeExecutor, WriteAndReadCarryMoreThanOneStagingBuffer) {
  constexpr uint32_t kCount = 3000017;  // 12 MB through 4 MiB of staging
  HandMadeProgram program;
  const ValueId before = program.value(Arena::parameter, 64);
  const ValueId w = program.value(Arena::parameter, kCount);
  const ValueId after = program.value(Arena::parameter, 64);
  const auto run = executor(program, {}, {.poison = true});
  ASSERT_NE(run, nullptr);
  const std::vector<uint32_t> words = counting(kCount, 5);
  ASSERT_TRUE(run->write(w, std::as_bytes(std::span(words))));
  EXPECT_EQ(read_words(*run, w, kCount), words);
  for (const ValueId guard : {before, after}) {
    EXPECT_EQ(read_words(*run, guard, 64), std::vector<uint32_t>(64, runtime::kPoisonWord));
  }
  const Result<void> wrong = run->write(w, std::as_bytes(std::span(words).first(3)));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid_argument);
}

TEST_P(RuntimeExecutor, ASteadyStepMakesOneSubmitAndNothingElse) {
  HandMadeProgram program;
  const ValueId x = program.value(Arena::input, 640);
  const ValueId rate = program.value(Arena::step, 4);
  const ValueId a = program.value(Arena::activation, 640);
  const ValueId y = program.value(Arena::metric, 640);
  for (uint32_t i = 0; i < 20; ++i) {
    program.copy(x, a, 640, 32u << (i % 3));
    program.barrier();
    program.copy(a, y, 640);
    program.barrier();
    program.copy(rate, y, 4);
    program.barrier();
  }
  const auto run = executor(program);
  ASSERT_NE(run, nullptr);
  static_cast<void>(step(*run, x, counting(640, 0)));
  runtime::Counters expected = context_->counters();
  EXPECT_EQ(expected.pipelines, context_->pipeline_cost().pipelines);
  for (uint32_t i = 0; i < 10; ++i) static_cast<void>(step(*run, x, counting(640, i)));
  expected.submits += 10;
  EXPECT_EQ(context_->counters(), expected);
}

TEST_P(RuntimeExecutor, EqualDispatchesShareAPipelineAndASet) {
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 64);
  for (uint32_t i = 0; i < 8; ++i) {
    program.barrier();
    program.fill(a, 64, i, 96);
  }
  const runtime::Counters before = context_->counters();
  const auto run = executor(program);
  ASSERT_NE(run, nullptr);
  const runtime::Counters after = context_->counters();
  EXPECT_LE(after.pipelines - before.pipelines, 1u);
  EXPECT_EQ(after.descriptor_sets - before.descriptor_sets, 1u);
  EXPECT_EQ(after.descriptor_writes - before.descriptor_writes, 1u);
  ASSERT_TRUE(run->wait(run->submit(run->acquire().value()).value()));
  EXPECT_EQ(read_words(*run, a, 64), std::vector<uint32_t>(64, 7));
}

TEST_P(RuntimeExecutor, AnExecutorMayGoWhileItsWorkIsInFlight) {
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 1u << 16);
  for (uint32_t i = 0; i < 50; ++i) {
    program.barrier();
    program.fill(a, 1u << 16, i);
  }
  for (uint32_t i = 0; i < 3; ++i) {
    const auto run = executor(program);
    ASSERT_NE(run, nullptr);
    ASSERT_TRUE(run->submit(run->acquire().value()));
  }
}

TEST_P(RuntimeExecutor, TheProfileNamesEveryDispatch) {
  if (context_->caps().timestamp_period_ns <= 0.0f) GTEST_SKIP() << "this device has no timestamps";
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 1u << 16);
  const ValueId b = program.value(Arena::activation, 1u << 16);
  program.fill(a, 1u << 16, 3);
  program.barrier();
  program.copy(a, b, 1u << 16);
  const auto run = executor(program, {}, {.profile = true});
  ASSERT_NE(run, nullptr);
  EXPECT_TRUE(run->profile().is_empty());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run->wait(run->submit(run->acquire().value()).value()));
  const std::vector<runtime::ProfileRow> rows = run->profile().rows();
  ASSERT_EQ(rows.size(), 2u);
  double share = 0.0;
  for (const runtime::ProfileRow& row : rows) {
    EXPECT_EQ(row.count, 3u);
    EXPECT_GT(row.seconds, 0.0) << row.label;
    EXPECT_LT(row.seconds, 10.0) << row.label;
    EXPECT_EQ(row.bytes, 3.0 * (row.label == "fill0 fill_forward_naive" ? 262144.0 : 524288.0)) << row.label;
    share += row.share;
  }
  EXPECT_NEAR(share, 1.0, 1e-9);
  EXPECT_NE(run->profile().table().find("copy1 copy_forward_naive"), std::string::npos);
}

TEST_P(RuntimeExecutor, AProgramBeyondTheDeviceIsRefusedBeforeAnythingIsMade) {
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 64);
  program.fill(a, 64, 1);
  plan::Program wide = program.take();
  wide.dispatches[0].groups.z = context_->caps().max_workgroup_count[2];
  if (wide.dispatches[0].groups.z == 0xffffffffu) GTEST_SKIP() << "this device takes any number of workgroups";
  ++wide.dispatches[0].groups.z;
  const runtime::Counters before = context_->counters();
  const auto refused = Executor::create(*context_, wide);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_NE(refused.error().text.find("fill0"), std::string::npos) << refused.error().text;
  EXPECT_EQ(context_->counters(), before);
}

TEST_P(RuntimeExecutor, AMissingBarrierIsReported) {
  if (GetParam() == KernelForm::device_address) GTEST_SKIP() << "validation does not see accesses through addresses";
  if (!vk::validation_wanted()) GTEST_SKIP() << "LOWTIDE_VALIDATION is not set";
  harness::expect_validation_messages();
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 640);
  const ValueId b = program.value(Arena::activation, 640);
  program.fill(a, 640, 1);
  program.copy(a, b, 640);
  set_log_sink([](LogLevel, std::string_view) {});  // the message is expected
  const auto run = executor(program);
  set_log_sink({});
  ASSERT_NE(run, nullptr);
}

// A step in pieces: the first one is timed dispatch by dispatch, and any limit gives the same numbers.
TEST_P(RuntimeExecutor, AStepInPiecesGivesTheSameNumbers) {
  constexpr uint32_t kCount = 257;
  for (const double seconds : {1e-9, 3600.0}) {
    HandMadeProgram program;
    const ValueId x = program.value(Arena::input, kCount), a = program.value(Arena::activation, kCount),
                  b = program.value(Arena::activation, kCount), y = program.value(Arena::metric, kCount);
    program.copy(x, a, kCount);
    program.barrier();
    program.copy(a, b, kCount);
    program.barrier();
    program.copy(b, y, kCount);
    const auto made = executor(program, {}, {.slots = 2, .submit_seconds = seconds});
    ASSERT_NE(made, nullptr);
    for (uint32_t i = 0; i < 5; ++i) {
      const std::vector<uint32_t> words = counting(kCount, 1000 * i);
      const uint32_t slot = step(*made, x, words);
      EXPECT_EQ(words_of(made->output(slot, y)), words) << i;
      EXPECT_EQ(made->submissions(), seconds < 1 ? 3u : 1u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Form, RuntimeExecutor, testing::Values(KernelForm::storage_buffer, KernelForm::device_address),
                         [](const auto& row) {
                           return row.param == KernelForm::storage_buffer ? "storage_buffer" : "device_address";
                         });

}  // namespace
}  // namespace lowtide
