// SPDX-License-Identifier: Apache-2.0
// Leveled messages to one sink (stderr by default). The sink is the only global state; it may be called from any
// thread.
#pragma once

#include <functional>
#include <string_view>

namespace lowtide {

enum class LogLevel { debug, info, warning, error };

using LogSink = std::function<void(LogLevel, std::string_view)>;

void set_log_sink(LogSink sink);       // an empty function restores the default
void set_log_level(LogLevel minimum);  // default: info
void log(LogLevel level, std::string_view message);

}  // namespace lowtide
