// SPDX-License-Identifier: Apache-2.0
// The log sink.
#include "engine/base/log.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <utility>

namespace lowtide {
namespace {

std::mutex sink_mutex;
LogSink sink;
std::atomic<LogLevel> minimum_level{LogLevel::info};

const char* prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug: ";
    case LogLevel::info:
      return "";
    case LogLevel::warning:
      return "warning: ";
    case LogLevel::error:
      return "error: ";
  }
  return "";
}

}  // namespace

void set_log_sink(LogSink new_sink) {
  const std::lock_guard lock(sink_mutex);
  sink = std::move(new_sink);
}

void set_log_level(LogLevel minimum) {
  minimum_level = minimum;
}

void log(LogLevel level, std::string_view message) {
  if (level < minimum_level.load()) return;
  const std::lock_guard lock(sink_mutex);
  if (sink) {
    sink(level, message);
  } else {
    std::fprintf(stderr, "%s%.*s\n", prefix(level), static_cast<int>(message.size()), message.data());
  }
}

}  // namespace lowtide
