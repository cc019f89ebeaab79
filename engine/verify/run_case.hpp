// SPDX-License-Identifier: Apache-2.0
// Runs one self-test on a device.
#pragma once

#include <string>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"
#include "engine/verify/cases.hpp"

namespace lowtide::verify {

// Empty where the device gives the expected words; else which word differs, expected and found. `is_lie` spoils what is
// expected, for tests. Error: the driver cannot make or run the kernel, or does not end within ten seconds.
Result<std::string> run_case(runtime::Context& context, const Case& test, bool is_lie);

}  // namespace lowtide::verify
