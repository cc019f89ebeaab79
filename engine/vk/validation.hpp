// SPDX-License-Identifier: Apache-2.0
// What the validation layers said since the process started. Needs no Vulkan header, so that test harnesses can ask.
// Kept process-wide like the log sink: layers also speak while the objects that they watch are being destroyed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lowtide::vk {

// Whether the environment asks for validation: LOWTIDE_VALIDATION is set to anything but "" and "0".
bool validation_wanted();

// Adds one message: counts it, keeps the first 256 and logs it as an error. Callable from any thread.
void report_validation(std::string_view message);

uint64_t validation_message_count();
std::vector<std::string> validation_messages();

}  // namespace lowtide::vk
