// SPDX-License-Identifier: Apache-2.0
// Self-tests: when they run, in which order, and what their outcome changes. Two processes that start together do not
// take each other's marks for crashes: whoever tests holds a lock on the cache folder, which the system gives back when
// a process ends, however it ends.
#include "engine/verify/open_device.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/verify/cases.hpp"
#include "engine/verify/run_case.hpp"
#include "engine/vk/features.hpp"

namespace lowtide::verify {
namespace {

namespace fs = std::filesystem;

std::string_view setting() {
  const char* text = std::getenv("LOWTIDE_SELF_TEST");
  return text == nullptr ? "" : text;
}

const vk::FeatureName& name_of(Feature feature) {
  for (const vk::FeatureName& row : vk::feature_names()) {
    if (row.feature == feature) return row;
  }
  return vk::feature_names().front();
}

// Held from construction to destruction; without effect where the file system knows no locks.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    file_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file_ >= 0) static_cast<void>(::flock(file_, LOCK_EX));
  }
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

struct Tester {
  runtime::Context& context;
  const VerifyOptions& options;
  Subject subject;
  fs::path path;  // empty: nothing is kept
  FeatureMask wanted = 0;
  Verdicts verdicts = {};
  bool is_alive = true;  // false: the device was lost, which ends this context; the rest wants a new one

  void load(bool is_last) {
    if (path.empty()) return;
    auto loaded = load_verdicts(path, subject);
    if (loaded) {
      verdicts.merge(*loaded);
    } else if (is_last && loaded.error().code != ErrorCode::not_found) {
      log(LogLevel::warning, loaded.error().to_string());
    }
  }

  void save() {
    if (path.empty()) return;
    if (const Result<void> saved = save_verdicts(path, verdicts, subject); !saved) {
      log(LogLevel::warning, saved.error().to_string());
      path.clear();  // one warning is enough
    }
  }

  bool is_settled() const {
    for (const Case& test : all_cases(context.caps())) {
      if ((wanted & bit(test.feature)) == 0 || !find_kernel(test.kernel)) continue;
      const auto it = verdicts.find(test.feature);
      if (it == verdicts.end() || it->second.state == State::testing) return false;
    }
    return true;
  }

  Verdict judge(const Case& test, const KernelInfo& kernel) {
    const FeatureMask broken = kernel.features & ~bit(test.feature) & ~trusted();
    if (broken != 0) {
      std::string_view first;
      for (const vk::FeatureName& row : vk::feature_names()) {
        if (first.empty() && (broken & bit(row.feature)) != 0) first = row.name;
      }
      return {State::failed, fmt::format("it needs {}, which is not to be had", first)};
    }
    verdicts[test.feature] = {State::testing};
    save();
    if (options.before) options.before(test.feature);
    const Result<std::string> fault = run_case(context, test, (options.lies & bit(test.feature)) != 0);
    if (!fault) {
      is_alive = fault.error().code != ErrorCode::device_lost;
      return {State::failed, fault.error().text};
    }
    return fault->empty() ? Verdict{} : Verdict{State::failed, *fault};
  }

  FeatureMask trusted() const { return context.caps().features & ~failed_features(verdicts); }

  // Runs what has no verdict, while the device lives.
  void run_missing() {
    for (auto& [feature, verdict] : verdicts) {
      if (verdict.state == State::testing) verdict = {State::failed, "the process did not survive an earlier test"};
    }
    for (const Case& test : all_cases(context.caps())) {
      const auto kernel = find_kernel(test.kernel);
      if ((wanted & bit(test.feature)) == 0 || !kernel || verdicts.contains(test.feature)) continue;
      verdicts[test.feature] = judge(test, kernel_info(*kernel));
      if (!is_alive) break;
    }
    save();
  }
};

void warn(const DeviceCaps& caps, const Verdicts& verdicts) {
  for (const auto& [feature, verdict] : verdicts) {
    if (verdict.state == State::passed || !caps.has(bit(feature))) continue;
    const vk::FeatureName& row = name_of(feature);
    log(LogLevel::warning,
        fmt::format("{} (driver {}) claims {}, but its self-test failed: {}; lowtide runs without it. {}=1 spares the "
                    "test and this message, LOWTIDE_SELF_TEST=again repeats it",
                    caps.name, caps.driver, row.name, verdict.why, row.kill_switch));
  }
}

struct Outcome {
  Verdicts verdicts;
  bool is_alive = true;
};

// `known`: verdicts that this process has reached before.
Outcome test_device(runtime::Context& context, const VerifyOptions& options, bool anew, Verdicts known) {
  Tester tester = {.context = context, .options = options, .subject = subject_of(context.caps()), .path = {}};
  tester.wanted = (options.features != 0 ? options.features : features_in_use()) & context.caps().features;
  if (!context.cache_folder().empty()) {
    tester.path = context.cache_folder() / verdict_file_name(context.cache_key(), tester.subject);
  }
  const auto start = [&](bool is_last) {
    tester.verdicts = known;
    if (!anew) tester.load(is_last);
  };
  start(tester.path.empty());
  if (tester.is_settled()) return {std::move(tester.verdicts)};
  const auto lock = tester.path.empty() ? nullptr : std::make_unique<FolderLock>(tester.path.parent_path());
  if (lock != nullptr) start(true);  // another process may have tested meanwhile
  tester.run_missing();
  return {std::move(tester.verdicts), tester.is_alive};
}

}  // namespace

Result<std::unique_ptr<runtime::Context>> open_device(const runtime::ContextOptions& options,
                                                      const VerifyOptions& verify) {
  LOWTIDE_TRY(auto context, runtime::Context::create(options));
  if (setting() == "0") return context;
  const bool anew = setting() == "again";
  Outcome outcome = test_device(*context, verify, anew, {});
  while (!outcome.is_alive) {  // each round leaves one more verdict
    context.reset();
    LOWTIDE_TRY(context, runtime::Context::create(options));
    outcome = test_device(*context, verify, anew, std::move(outcome.verdicts));
  }
  warn(context->caps(), outcome.verdicts);
  context->withhold(failed_features(outcome.verdicts));
  return context;
}

Result<Verdicts> verdicts_of(runtime::Context& context, const VerifyOptions& verify) {
  return test_device(context, verify, false, {}).verdicts;
}

std::vector<std::string> describe_verdicts(const Verdicts& verdicts) {
  std::string passed;
  std::vector<std::string> lines;
  for (const vk::FeatureName& row : vk::feature_names()) {
    const auto it = verdicts.find(row.feature);
    if (it == verdicts.end()) continue;
    if (it->second.state == State::passed) {
      passed += fmt::format(" {}", row.name);
    } else {
      lines.push_back(fmt::format("self-test failed: {}: {}", row.name, it->second.why));
    }
  }
  if (!passed.empty()) lines.insert(lines.begin(), "self-tests passed:" + passed);
  return lines;
}

}  // namespace lowtide::verify
