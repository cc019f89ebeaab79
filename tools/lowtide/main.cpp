// SPDX-License-Identifier: Apache-2.0
// The command-line program: a table of subcommands.
#include <CLI/CLI.hpp>

#include "tools/lowtide/command.hpp"

int main(int argc, char** argv) {
  using namespace lowtide::program;
  CLI::App app{
      "lowtide trains convolutional networks with 1- to 8-bit weights and activations on a Vulkan device, "
      "exports them as packed bits and runs them packed."};
  app.set_version_flag("--version", LOWTIDE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 a file, device or memory failed, 2 wrong usage or recipe, 3 not a number or unequal "
      "predictions, 130 interrupted.");
  Program program;
  for (const auto add : {add_train, add_eval, add_export, add_infer, add_bench, add_devices, add_inspect, add_tune}) {
    add(app, program);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  return program.exit_code;
}
