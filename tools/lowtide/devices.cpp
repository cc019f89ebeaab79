// SPDX-License-Identifier: Apache-2.0
// lowtide devices: every Vulkan device, what it can do, and why one cannot be used.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tools/lowtide/command.hpp"

namespace lowtide::program {
namespace {

Result<int> devices() {
  LOWTIDE_TRY(const auto listings, runtime::list_devices());
  for (size_t i = 0; i < listings.size(); ++i) {
    fmt::print("{}: {}\n", i, listings[i].line);
    if (!listings[i].rejection.empty()) fmt::print("   not usable: {}\n", listings[i].rejection);
  }
  if (!listings.empty()) return kDone;
  return fail(ErrorCode::not_found,
              "no Vulkan device was found; install a driver, or run tools/setup for a software device");
}

}  // namespace

void add_devices(CLI::App& app, Program& program) {
  CLI::App& command = *app.add_subcommand("devices", "list the Vulkan devices");
  set_body(command, program, devices);
}

}  // namespace lowtide::program
