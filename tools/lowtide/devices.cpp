// SPDX-License-Identifier: Apache-2.0
// lowtide devices: every Vulkan device, what it can do, which self-tests it passes, and why one cannot be used.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/verify/open_device.hpp"
#include "tools/lowtide/command.hpp"

namespace lowtide::program {
namespace {

Result<int> devices() {
  LOWTIDE_TRY(const auto listings, runtime::list_devices());
  for (size_t i = 0; i < listings.size(); ++i) {
    fmt::print("{}: {}\n", i, listings[i].line);
    if (!listings[i].rejection.empty()) {
      fmt::print("   not usable: {}\n", listings[i].rejection);
      continue;
    }
    std::fflush(stdout);  // before the tests, which a driver may not survive
    runtime::ContextOptions options;
    options.device = std::to_string(i);
    LOWTIDE_TRY(const auto context, runtime::Context::create(options));
    LOWTIDE_TRY(const verify::Verdicts verdicts, verify::verdicts_of(*context));
    for (const std::string& line : verify::describe_verdicts(verdicts)) fmt::print("   {}\n", line);
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
