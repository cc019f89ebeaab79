// SPDX-License-Identifier: Apache-2.0
// Verdicts of self-tests and the file that keeps them, one per device, driver and build of the self-tests. Pure.
//
// Text, a line each: "lowtide self-tests 1", "device <name>", "driver <name and version>", "kernels <16 hex digits>",
// then "<feature> passed", "<feature> testing" or "<feature> failed: <why>". "testing" is written before a test runs:
// found afterwards, it says that the process did not survive the test.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"

namespace lowtide::verify {

enum class State : uint8_t { passed, failed, testing };

struct Verdict {
  State state = State::passed;
  std::string why = {};  // failed: what was expected and what was found
};
using Verdicts = std::map<Feature, Verdict>;

// What verdicts hold for.
struct Subject {
  std::string device, driver;
  uint64_t kernels = 0;  // a digest of the self-tests' SPIR-V
};
Subject subject_of(const DeviceCaps& caps);

// Of the features with these verdicts, those that failed or were left in their test.
FeatureMask failed_features(const Verdicts& verdicts);

// "<stem>-<8 hex digits>.self-tests.txt"; the digits are the subject's.
std::string verdict_file_name(std::string_view stem, const Subject& subject);

std::string to_text(const Verdicts& verdicts, const Subject& subject);
// Error `format`: a sentence that says which line is no verdict, or that the text is about another subject.
Result<Verdicts> parse_verdicts(std::string_view text, const Subject& subject);

// Error `not_found` where there is no file; else those of parse_verdicts.
Result<Verdicts> load_verdicts(const std::filesystem::path& path, const Subject& subject);
Result<void> save_verdicts(const std::filesystem::path& path, const Verdicts& verdicts, const Subject& subject);

}  // namespace lowtide::verify
