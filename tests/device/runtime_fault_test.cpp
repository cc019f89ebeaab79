// SPDX-License-Identifier: Apache-2.0
// What happens when the device runs out of memory or is lost: every creation fails once, an error comes out, nothing
// leaks (the validation layer's object tracker looks on), and the device goes on working.
#include <gtest/gtest.h>

#include <cstring>

#include "engine/runtime/executor.hpp"
#include "tests/device/hand_made_program.hpp"

namespace lowtide {
namespace {

using plan::Arena;
using runtime::Context;
using runtime::ContextOptions;
using runtime::Executor;
using runtime::KernelForm;
using test::HandMadeProgram;

// Fails the n-th creation that it is asked about, never a submit.
class FailNth {
 public:
  explicit FailNth(int n) : n_(n) {}
  runtime::FaultHook hook() {
    return [this](std::string_view what) {
      if (what == "submit" || n_-- != 0) return false;
      failed_ = what;
      return true;
    };
  }
  const std::string& failed() const { return failed_; }

 private:
  int n_;
  std::string failed_;
};

ContextOptions options_without_cache() {
  ContextOptions options;
  options.cache_folder = std::filesystem::path();
  return options;
}

plan::Program small_program() {
  HandMadeProgram program(2048);
  const ValueId x = program.value(Arena::input, 64);
  const ValueId a = program.value(Arena::activation, 400);
  const ValueId b = program.value(Arena::activation, 400);  // a chunk of its own
  const ValueId y = program.value(Arena::metric, 64);
  program.fill(b, 400, 7, 32);
  program.barrier();
  program.copy(x, a, 64);
  program.barrier();
  program.copy(a, y, 64);
  return program.take();
}

// One step; whether its output is its input.
void expect_one_step(Context& context, KernelForm form) {
  auto made = Executor::create(context, small_program(), {}, {.form = form});
  ASSERT_TRUE(made) << made.error().to_string();
  const Executor& run = **made;
  const uint32_t slot = (*made)->acquire().value();
  const std::span<std::byte> input = (*made)->input(slot, ValueId(0));
  std::fill(input.begin(), input.end(), std::byte{0x5a});
  ASSERT_TRUE((*made)->wait((*made)->submit(slot).value()));
  EXPECT_EQ(std::memcmp(run.output(slot, ValueId(3)).data(), input.data(), input.size()), 0);
}

TEST(RuntimeFault, EveryCreationOfAContextFailsOnce) {
  int failures = 0;
  for (;; ++failures) {
    ASSERT_LT(failures, 100);
    FailNth nth(failures);
    ContextOptions options = options_without_cache();
    options.fault_hook = nth.hook();
    const auto context = Context::create(options);
    if (nth.failed().empty()) {
      EXPECT_TRUE(context);
      break;
    }
    ASSERT_FALSE(context) << nth.failed();
    EXPECT_EQ(context.error().code, ErrorCode::out_of_memory) << context.error().text;
  }
  EXPECT_GE(failures, 5);
}

void fail_every_creation_of_an_executor(KernelForm form) {
  int failures = 0;
  for (;; ++failures) {
    ASSERT_LT(failures, 200);
    auto context = Context::create(options_without_cache());
    ASSERT_TRUE(context) << context.error().to_string();
    FailNth nth(failures);
    (*context)->set_fault_hook(nth.hook());
    {
      const auto run = Executor::create(**context, small_program(), {}, {.profile = true, .form = form});
      if (nth.failed().empty()) {
        EXPECT_TRUE(run);
        break;
      }
      ASSERT_FALSE(run) << nth.failed();
      EXPECT_EQ(run.error().code, ErrorCode::out_of_memory) << nth.failed() << ": " << run.error().text;
    }
    (*context)->set_fault_hook({});
    expect_one_step(**context, form);
  }
  EXPECT_GE(failures, 20);
}

TEST(RuntimeFault, EveryCreationOfAnExecutorFailsOnceStorageBuffers) {
  fail_every_creation_of_an_executor(KernelForm::storage_buffer);
}

TEST(RuntimeFault, EveryCreationOfAnExecutorFailsOnceDeviceAddresses) {
  fail_every_creation_of_an_executor(KernelForm::device_address);
}

TEST(RuntimeFault, ALostDeviceIsReportedWithTheLastLabels) {
  auto context = Context::create(options_without_cache());
  ASSERT_TRUE(context) << context.error().to_string();
  auto run = Executor::create(**context, small_program());
  ASSERT_TRUE(run) << run.error().to_string();
  (*context)->set_fault_hook([](std::string_view what) { return what == "submit"; });
  const auto lost = (*run)->submit((*run)->acquire().value());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::device_lost);
  const std::string text = lost.error().to_string();
  for (const char* label : {"fill0 fill_forward_naive", "copy2 copy_forward_naive", (*context)->caps().name.c_str()}) {
    EXPECT_NE(text.find(label), std::string::npos) << text;
  }
}

TEST(RuntimeFault, AnArenaBeyondTheDeviceIsAnErrorThatNamesIt) {
  auto context = Context::create(options_without_cache());
  ASSERT_TRUE(context) << context.error().to_string();
  (*context)->set_fault_hook([count = 0](std::string_view what) mutable { return what == "memory" && ++count == 2; });
  const auto run = Executor::create(**context, small_program());
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::out_of_memory);
  EXPECT_NE(run.error().to_string().find("the arena 'activation' needs"), std::string::npos) << run.error().to_string();
}

}  // namespace
}  // namespace lowtide
