// SPDX-License-Identifier: Apache-2.0
// LOWTIDE_CHECK(condition, message): for programmer errors, in all builds. Prints file, line, expression and message,
// then aborts. Never for what the world does wrong (files, devices, users): that is base/result.hpp.
#pragma once

#include <string_view>

namespace lowtide {

[[noreturn]] void check_failed(const char* file, int line, const char* expression, std::string_view message);

}  // namespace lowtide

#define LOWTIDE_CHECK(condition, message)                                 \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::lowtide::check_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
