// SPDX-License-Identifier: Apache-2.0
// A fixture with an empty folder of its own, which goes when the test ends, and the warnings that were logged
// meanwhile.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/log.hpp"

namespace lowtide::harness {

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lowtide_test_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    set_log_sink([this](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) warnings_.emplace_back(text);
    });
  }
  void TearDown() override {
    set_log_sink({});
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  std::vector<std::string> warnings_;
};

}  // namespace lowtide::harness
