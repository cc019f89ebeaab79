// SPDX-License-Identifier: Apache-2.0
// Metrics as JSON lines: one object a line, keys in a fixed order, appended. What is not finite is written as null,
// since JSON has no word for it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace lowtide::trainer {

// One line that is being made.
class MetricLine {
 public:
  explicit MetricLine(std::string_view kind);
  MetricLine& text(std::string_view key, std::string_view value);
  MetricLine& count(std::string_view key, uint64_t value);
  MetricLine& real(std::string_view key, double value);
  std::string take() const;  // with the newline

 private:
  std::string text_;
};

class MetricFile {
 public:
  // Opens for appending.
  static Result<MetricFile> open(const std::filesystem::path& path);
  // Writes the line and flushes, so that a run that is killed loses nothing.
  Result<void> write(const MetricLine& line);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
};

}  // namespace lowtide::trainer
