// SPDX-License-Identifier: Apache-2.0
// The process-wide record of validation messages.
#include "engine/vk/validation.hpp"

#include <cstdlib>
#include <mutex>

#include "engine/base/log.hpp"

namespace lowtide::vk {
namespace {

constexpr size_t kKeptMessages = 256;

struct Record {
  std::mutex mutex;
  uint64_t count = 0;
  std::vector<std::string> kept;
};

Record& record() {
  static Record instance;
  return instance;
}

}  // namespace

bool validation_wanted() {
  const char* text = std::getenv("LOWTIDE_VALIDATION");
  return text != nullptr && std::string_view(text) != "" && std::string_view(text) != "0";
}

void report_validation(std::string_view message) {
  {
    const std::lock_guard lock(record().mutex);
    ++record().count;
    if (record().kept.size() < kKeptMessages) record().kept.emplace_back(message);
  }
  log(LogLevel::error, message);
}

uint64_t validation_message_count() {
  const std::lock_guard lock(record().mutex);
  return record().count;
}

std::vector<std::string> validation_messages() {
  const std::lock_guard lock(record().mutex);
  return record().kept;
}

}  // namespace lowtide::vk
