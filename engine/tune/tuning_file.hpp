// SPDX-License-Identifier: Apache-2.0
// Tuning as a file: one text that holds for one device, driver and build of the kernels, to be kept, read by people,
// edited and shipped. It is hostile until checked.
//
//   lowtide tuning 1
//   device <name>
//   driver <name and version>
//   key <device uuid>-<driver version>
//   kernels <16 hex digits: a digest of the kernel bank>
//   op <op> <variant>           a person's word for every node of an op, before what was measured
//   node <variant> <signature>  measured (graph/tuning.hpp); # starts a comment line
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/graph/tuning.hpp"
#include "engine/runtime/context.hpp"

namespace lowtide::tune {

// What a file holds for.
struct Subject {
  std::string device, driver, key;
  uint64_t kernels = 0;
};
Subject subject_of(const runtime::Context& context);

std::string to_text(const graph::Tuning& tuning, const Subject& subject);

// Errors, a sentence each: `format`, a line that is none of the above or too much of them; `unsupported`, a file of
// another device, driver or build of the kernels.
Result<graph::Tuning> parse_tuning(std::string_view text, const Subject& subject);

// Error `not_found` where there is none; else those of parse_tuning, with the path.
Result<graph::Tuning> load_tuning_file(const std::filesystem::path& path, const Subject& subject);
Result<void> save_tuning_file(const std::filesystem::path& path, const graph::Tuning& tuning, const Subject& subject);

// Beside the pipeline cache; empty: there is none.
std::filesystem::path default_tuning_file(const runtime::Context& context, const Subject& subject);

// The choices to use on a device: `request`, else LOWTIDE_TUNING, is "off" or a file; else the default file, if it is
// there. One that holds for something else is ignored with a warning, and so is a damaged default file. Errors: a file
// that was asked for is not there or damaged.
Result<graph::Tuning> find_tuning(const runtime::Context& context, const std::string& request = {});

}  // namespace lowtide::tune
