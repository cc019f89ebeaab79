// SPDX-License-Identifier: Apache-2.0
// Second starts: pipelines come from the disk caches, and damaged cache files do no harm.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/base/file.hpp"
#include "engine/base/log.hpp"
#include "engine/runtime/executor.hpp"
#include "tests/device/hand_made_program.hpp"

namespace lowtide {
namespace {

namespace fs = std::filesystem;
using plan::Arena;
using runtime::Context;
using runtime::ContextOptions;
using runtime::Executor;
using test::HandMadeProgram;

// An empty folder of this test, removed at the end.
class RuntimeCache : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "lowtide_cache_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Context> open(bool validation) const {
    ContextOptions options;
    options.cache_folder = folder_;
    if (!validation) options.validation = false;
    auto context = Context::create(options);
    EXPECT_TRUE(context) << context.error().to_string();
    return context ? std::move(*context) : nullptr;
  }

  fs::path cache_file() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ".bin") return entry.path();
    }
    return {};
  }

  fs::path folder_;
};

// A program of 2 * `widths` pipelines.
plan::Program many_pipelines(uint32_t widths) {
  HandMadeProgram program;
  const ValueId a = program.value(Arena::activation, 512);
  const ValueId b = program.value(Arena::activation, 512);
  for (uint32_t i = 0; i < widths; ++i) {
    program.barrier();
    program.fill(a, 512, i, 8 * (i + 1));
    program.barrier();
    program.copy(a, b, 512, 8 * (i + 1));
  }
  return program.take();
}

runtime::PipelineCost start(Context& context, uint32_t widths) {
  const auto run = Executor::create(context, many_pipelines(widths));
  EXPECT_TRUE(run) << run.error().to_string();
  return context.pipeline_cost();
}

TEST_F(RuntimeCache, PipelinesOfASecondStartTakeAQuarterOfTheFirst) {
  // Mesa keeps machine code in a cache of its own; here it starts empty too.
  ASSERT_EQ(setenv("MESA_SHADER_CACHE_DIR", folder_.c_str(), 1), 0);
  runtime::PipelineCost costs[2];
  for (runtime::PipelineCost& cost : costs) {
    const auto context = open(false);
    ASSERT_NE(context, nullptr);
    if (context->caps().driver.find("llvmpipe") == std::string::npos) {
      unsetenv("MESA_SHADER_CACHE_DIR");
      GTEST_SKIP() << "only promised where the driver can keep machine code; " << context->caps().driver
                   << " keeps none";
    }
    cost = start(*context, 12);
  }
  unsetenv("MESA_SHADER_CACHE_DIR");
  EXPECT_FALSE(costs[0].has_disk_cache);
  EXPECT_TRUE(costs[1].has_disk_cache);
  EXPECT_EQ(costs[0].pipelines, 24u);
  EXPECT_EQ(costs[1].pipelines, 24u);
  EXPECT_LE(costs[1].seconds, 0.25 * costs[0].seconds) << costs[0].seconds;
}

TEST_F(RuntimeCache, DamagedCacheFilesAreIgnoredWithAWarning) {
  static_cast<void>(start(*open(true), 2));
  const fs::path file = cache_file();
  ASSERT_FALSE(file.empty());
  const std::string good = read_text(file).value();
  ASSERT_GT(good.size(), 56u - 1u);
  std::vector<std::string> damaged = {"", "x", good.substr(0, good.size() - 1), good + "x",
                                      std::string(good.size(), 'z')};
  for (const size_t at : {size_t{0}, size_t{9}, size_t{20}, size_t{30}, size_t{45}, good.size() - 1}) {
    damaged.push_back(good);
    damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 0x10);
  }
  for (const std::string& bytes : damaged) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    uint32_t warnings = 0;
    set_log_sink([&](LogLevel level, std::string_view) { warnings += level == LogLevel::warning ? 1 : 0; });
    const auto context = open(true);
    set_log_sink({});
    ASSERT_NE(context, nullptr);
    EXPECT_EQ(warnings, 1u) << bytes.size() << " bytes";
    EXPECT_FALSE(context->pipeline_cost().has_disk_cache);
  }
  static_cast<void>(start(*open(true), 2));  // writes a good one again
  EXPECT_TRUE(open(true)->pipeline_cost().has_disk_cache);
}

TEST_F(RuntimeCache, AFolderThatCannotBeWrittenCostsOneWarning) {
  folder_ /= "file";
  std::ofstream(folder_) << "not a folder";
  uint32_t warnings = 0;
  const auto context = open(true);
  ASSERT_NE(context, nullptr);
  set_log_sink([&](LogLevel level, std::string_view) { warnings += level == LogLevel::warning ? 1 : 0; });
  static_cast<void>(start(*context, 1));
  static_cast<void>(start(*context, 2));
  set_log_sink({});
  folder_ = folder_.parent_path();
  EXPECT_GE(warnings, 1u);
  EXPECT_LE(warnings, 2u);
}

}  // namespace
}  // namespace lowtide
