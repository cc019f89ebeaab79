// SPDX-License-Identifier: Apache-2.0
// Whether a device can take a program, decided before anything is made. Pure.
#pragma once

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"
#include "engine/plan/program.hpp"

namespace lowtide::runtime {

// Aborts where the program contradicts itself (the planner's bug). Error `unsupported` names the dispatch or value that
// is beyond a limit of the device, the limit, and what was asked for.
Result<void> check_limits(const plan::Program& program, const DeviceCaps& caps);

}  // namespace lowtide::runtime
