// SPDX-License-Identifier: Apache-2.0
// Self-tests of optional features: every feature of a kernel has one, drivers that are right pass, a wrong number and a
// crash switch a feature off, verdicts are kept, and networks run on without the feature.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/base/file.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/plan.hpp"
#include "engine/verify/cases.hpp"
#include "engine/verify/open_device.hpp"
#include "engine/verify/run_case.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/harness/folder_test.hpp"

namespace lowtide {
namespace {

namespace fs = std::filesystem;
using verify::State;
using verify::VerifyOptions;

constexpr FeatureMask kAll = ~FeatureMask{0};

class SelfTest : public harness::FolderTest {
 protected:
  std::unique_ptr<runtime::Context> open(const VerifyOptions& verify) {
    warnings_.clear();
    runtime::ContextOptions options;
    options.cache_folder = folder_;
    auto context = verify::open_device(options, verify);
    EXPECT_TRUE(context) << context.error().to_string();
    return context ? std::move(*context) : nullptr;
  }

  fs::path verdict_file() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ".txt") return entry.path();
    }
    return {};
  }

  // A feature that the device has and a self-test covers; none on a device without optional features.
  static std::optional<Feature> some_feature() {
    const DeviceCaps& caps = harness::test_context().caps();
    for (const verify::Case& test : verify::all_cases(caps)) {
      if (caps.has(bit(test.feature)) && find_kernel(test.kernel)) return test.feature;
    }
    return std::nullopt;
  }
};

TEST_F(SelfTest, EveryFeatureOfAKernelHasOne) {
  DeviceCaps caps = software_caps();
  FeatureMask tested = 0;
  for (const verify::Case& test : verify::all_cases(caps)) tested |= bit(test.feature);
  EXPECT_EQ(verify::features_in_use() & ~tested, 0u);
  EXPECT_NE(verify::features_in_use() & bit(Feature::device_address), 0u);
}

TEST_F(SelfTest, WhatTheDriverClaimsComputesRight) {
  runtime::Context& context = harness::test_context();
  for (const verify::Case& test : verify::all_cases(context.caps())) {
    const auto kernel = find_kernel(test.kernel);
    if (!kernel || !context.caps().has(kernel_info(*kernel).features | bit(test.feature))) continue;
    const Result<std::string> fault = verify::run_case(context, test, false);
    ASSERT_TRUE(fault) << test.kernel << ": " << fault.error().to_string();
    EXPECT_EQ(*fault, "");
    const Result<std::string> lie = verify::run_case(context, test, true);
    ASSERT_TRUE(lie) << lie.error().to_string();
    EXPECT_NE(lie->find("should be 0x"), std::string::npos) << test.kernel;
  }
}

// The oracle notices a single wrong word wherever it stands; subgroup cases rebuild their words from what was found.
TEST_F(SelfTest, NoWordIsLeftUnchecked) {
  runtime::Context& context = harness::test_context();
  for (const verify::Case& test : verify::all_cases(context.caps())) {
    const bool is_subgroup = test.feature == Feature::subgroup_arithmetic || test.feature == Feature::subgroup_ballot ||
                             test.feature == Feature::subgroup_shuffle;
    std::vector<uint32_t> found(test.output_words);
    if (is_subgroup) {  // invocation i is in subgroup i / 8
      const uint32_t row = test.output_words / test.count;
      for (uint32_t i = 0; i < test.count; ++i) {
        found[i * row] = i / 8;
        found[i * row + 1] = i % 8;
      }
      found = test.expected(found);
    } else {
      found = test.expected(found);
    }
    ASSERT_EQ(test.expected(found), found) << test.kernel << ": what is right is refused";
    for (size_t i = 0; i < found.size(); ++i) {
      std::vector<uint32_t> wrong = found;
      wrong[i] ^= 1u;
      ASSERT_NE(test.expected(wrong), wrong) << test.kernel << " word " << i;
    }
  }
}

TEST_F(SelfTest, AWrongNumberSwitchesTheFeatureOffAndTheNetStillRuns) {
  const auto feature = some_feature();
  if (!feature) GTEST_SKIP() << "this device claims no optional feature";
  const auto context = open({.features = kAll, .lies = bit(*feature)});
  ASSERT_NE(context, nullptr);
  EXPECT_FALSE(context->caps().has(bit(*feature)));
  ASSERT_GE(warnings_.size(), 1u);  // and one for each feature whose test needs this one
  EXPECT_NE(warnings_[0].find("should be 0x"), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[0].find(context->caps().driver), std::string::npos);
  EXPECT_NE(warnings_[0].find("LOWTIDE_DISABLE_"), std::string::npos);
  if (*feature == Feature::device_address) {
    EXPECT_FALSE(context->caps().prefers_device_address);
  }
  const auto& cases = cases::all_cases();
  const auto op_case =
      std::find_if(cases.begin(), cases.end(), [](const auto& c) { return c.name.starts_with("conv2d"); });
  ASSERT_NE(op_case, cases.end());
  auto built = harness::build_forward(*op_case);
  ASSERT_TRUE(built);
  auto program = plan::make_program(*built->graph, {.caps = context->caps()});
  ASSERT_TRUE(program);
  const auto executor = runtime::Executor::create(*context, std::move(*program));
  ASSERT_TRUE(executor) << executor.error().to_string();
  const auto slot = (*executor)->acquire();
  const auto ticket = (*executor)->submit(*slot);
  ASSERT_TRUE(ticket);
  EXPECT_TRUE((*executor)->wait(*ticket));
  // The verdict outlives the process; a test anew clears it.
  EXPECT_FALSE(open({.features = kAll})->caps().has(bit(*feature)));
  EXPECT_GE(warnings_.size(), 1u);
  setenv("LOWTIDE_SELF_TEST", "again", 1);
  EXPECT_TRUE(open({.features = kAll})->caps().has(bit(*feature)));
  setenv("LOWTIDE_SELF_TEST", "0", 1);
  EXPECT_TRUE(open({.features = kAll, .lies = bit(*feature)})->caps().has(bit(*feature)));
  unsetenv("LOWTIDE_SELF_TEST");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(SelfTest, ASecondStartRunsNone) {
  static_cast<void>(open({.features = kAll}));
  EXPECT_TRUE(warnings_.empty());
  uint32_t ran = 0;
  const auto context = open({.features = kAll, .before = [&](Feature) { ++ran; }});
  EXPECT_EQ(ran, 0u);
  EXPECT_EQ(context->counters().submits, 0u);
}

TEST_F(SelfTest, ADriverThatCrashesIsLeftAloneAtTheNextStart) {
  const auto feature = some_feature();
  if (!feature) GTEST_SKIP() << "this device claims no optional feature";
  const auto crash = [&](Feature) { std::_Exit(3); };
  // A file as that process leaves it; dying here would take the test along.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const char* shared = std::getenv("LOWTIDE_TEST_CRASH_FOLDER");
  if (shared == nullptr) setenv("LOWTIDE_TEST_CRASH_FOLDER", folder_.c_str(), 1);
  if (shared != nullptr) {
    fs::remove_all(folder_);
    folder_ = shared;
  }
  EXPECT_EXIT(static_cast<void>(open({.features = bit(*feature), .before = crash})), testing::ExitedWithCode(3), "");
  unsetenv("LOWTIDE_TEST_CRASH_FOLDER");
  ASSERT_NE(verdict_file(), fs::path());
  EXPECT_NE(read_text(verdict_file()).value().find(" testing\n"), std::string::npos);
  uint32_t ran = 0;
  const auto context = open({.features = bit(*feature), .before = [&](Feature) { ++ran; }});
  EXPECT_EQ(ran, 0u);
  EXPECT_FALSE(context->caps().has(bit(*feature)));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("did not survive"), std::string::npos) << warnings_[0];
}

TEST_F(SelfTest, AKernelThatTheDriverRefusesIsAFailure) {
  const auto feature = some_feature();
  if (!feature) GTEST_SKIP() << "this device claims no optional feature";
  runtime::ContextOptions options;
  options.cache_folder = folder_;
  options.fault_hook = [](std::string_view what) { return what == "pipeline"; };
  const auto context = verify::open_device(options, {.features = bit(*feature)});
  ASSERT_TRUE(context) << context.error().to_string();
  EXPECT_FALSE((*context)->caps().has(bit(*feature)));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("pipeline"), std::string::npos) << warnings_[0];
}

TEST_F(SelfTest, ALostDeviceIsOpenedAgain) {
  const auto feature = some_feature();
  if (!feature) GTEST_SKIP() << "this device claims no optional feature";
  runtime::ContextOptions options;
  options.cache_folder = folder_;
  options.fault_hook = [](std::string_view what) { return what == "submit"; };
  const auto context = verify::open_device(options, {.features = kAll});
  ASSERT_TRUE(context) << context.error().to_string();
  EXPECT_FALSE((*context)->caps().has(bit(*feature)));
}

TEST_F(SelfTest, DamagedVerdictsAreIgnoredWithAWarning) {
  static_cast<void>(open({.features = kAll}));
  const fs::path file = verdict_file();
  if (file.empty()) GTEST_SKIP() << "this device claims no optional feature";
  const std::string good = read_text(file).value();
  for (const std::string& bytes : {std::string("x"), good.substr(0, good.size() - 1), good + "float17 passed\n",
                                   good + good, good + "int8 perhaps\n", std::string(1u << 17, 'z')}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_NE(open({.features = kAll}), nullptr);
    EXPECT_EQ(warnings_.size(), 1u) << bytes.substr(0, 400);
    EXPECT_EQ(read_text(file).value(), good);
  }
}

}  // namespace
}  // namespace lowtide
