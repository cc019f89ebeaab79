// SPDX-License-Identifier: Apache-2.0
// The text of verdicts.
#include "engine/verify/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "engine/base/file.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/vk/features.hpp"

namespace lowtide::verify {
namespace {

constexpr uint64_t kMaxBytes = 1u << 16;
constexpr std::string_view kFailed = "failed: ";

uint64_t fnv1a(uint64_t hash, uint64_t word) {
  return (hash ^ word) * 0x100000001b3ull;
}

// One line whatever a driver put into its name.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string header(const Subject& subject) {
  return fmt::format("lowtide self-tests 1\ndevice {}\ndriver {}\nkernels {:016x}\n", one_line(subject.device),
                     one_line(subject.driver), subject.kernels);
}

const vk::FeatureName* find_feature(std::string_view name) {
  const auto rows = vk::feature_names();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

tl::unexpected<Error> refuse(std::string text) {
  return fail(ErrorCode::format, std::move(text));
}

}  // namespace

Subject subject_of(const DeviceCaps& caps) {
  Subject subject = {caps.name, caps.driver, 0xcbf29ce484222325ull};
  for (const KernelInfo& kernel : kernel_bank()) {
    if (!kernel.name.starts_with("self_test_")) continue;
    for (const uint32_t word : kernel.spirv) subject.kernels = fnv1a(subject.kernels, word);
    for (const uint32_t word : kernel.spirv_address) subject.kernels = fnv1a(subject.kernels, word);
  }
  return subject;
}

FeatureMask failed_features(const Verdicts& verdicts) {
  FeatureMask mask = 0;
  for (const auto& [feature, verdict] : verdicts) {
    if (verdict.state != State::passed) mask |= bit(feature);
  }
  return mask;
}

std::string verdict_file_name(std::string_view stem, const Subject& subject) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : header(subject)) hash = fnv1a(hash, static_cast<unsigned char>(c));
  return fmt::format("{}-{:08x}.self-tests.txt", stem, hash & 0xffffffffu);
}

std::string to_text(const Verdicts& verdicts, const Subject& subject) {
  std::string text = header(subject);
  for (const vk::FeatureName& row : vk::feature_names()) {
    const auto it = verdicts.find(row.feature);
    if (it == verdicts.end()) continue;
    const Verdict& verdict = it->second;
    text += fmt::format("{} {}\n", row.name,
                        verdict.state == State::passed    ? "passed"
                        : verdict.state == State::testing ? "testing"
                                                          : one_line(std::string(kFailed) + verdict.why));
  }
  return text;
}

Result<Verdicts> parse_verdicts(std::string_view text, const Subject& subject) {
  const std::string start = header(subject);
  if (!text.starts_with(start)) return refuse("it is not about this device, driver and build of lowtide");
  Verdicts verdicts;
  for (std::string_view rest = text.substr(start.size()); !rest.empty();) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return refuse("its last line is cut short");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::string_view name = line.substr(0, line.find(' '));
    const std::string_view said = line.substr(std::min(line.size(), name.size() + 1));
    const vk::FeatureName* row = find_feature(name);
    Verdict verdict;
    if (said == "testing") {
      verdict.state = State::testing;
    } else if (said.starts_with(kFailed)) {
      verdict = {State::failed, std::string(said.substr(kFailed.size()))};
    } else if (said != "passed") {
      row = nullptr;
    }
    if (row == nullptr || !verdicts.emplace(row->feature, std::move(verdict)).second) {
      return refuse(fmt::format("its line '{:.60}' is no verdict", line));
    }
  }
  return verdicts;
}

Result<Verdicts> load_verdicts(const std::filesystem::path& path, const Subject& subject) {
  LOWTIDE_TRY(const std::string text, read_text(path, kMaxBytes));
  auto verdicts = parse_verdicts(text, subject);
  if (verdicts) return verdicts;
  return refuse(fmt::format("the self-test verdicts {} are ignored and the tests run anew: {}", path.string(),
                            verdicts.error().text));
}

Result<void> save_verdicts(const std::filesystem::path& path, const Verdicts& verdicts, const Subject& subject) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return fail(ErrorCode::io, fmt::format("cannot make the folder {}: {}; set LOWTIDE_CACHE to a folder that can be "
                                           "written",
                                           path.parent_path().string(), error.message()));
  }
  return write_file_atomically(path, to_text(verdicts, subject));
}

}  // namespace lowtide::verify
