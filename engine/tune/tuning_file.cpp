// SPDX-License-Identifier: Apache-2.0
// Reading and writing tuned choices.
#include "engine/tune/tuning_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "engine/base/file.hpp"
#include "engine/base/log.hpp"
#include "engine/kernel/bank.hpp"

namespace lowtide::tune {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 20;
constexpr size_t kMaxEntries = 20000, kMaxName = 64, kMaxSignature = 2000;
constexpr std::string_view kFirstLine = "lowtide tuning 1";

uint64_t fnv1a(uint64_t hash, uint64_t word) {
  return (hash ^ word) * 0x100000001b3ull;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string header(const Subject& subject) {
  return fmt::format("{}\ndevice {}\ndriver {}\nkey {}\nkernels {:016x}\n", kFirstLine, one_line(subject.device),
                     one_line(subject.driver), subject.key, subject.kernels);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_signature(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSignature &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Cuts the first word and the blank behind it off.
std::string_view take_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

tl::unexpected<Error> refuse(std::string text) {
  return fail(ErrorCode::format, std::move(text));
}

// False: the line is no entry.
bool add_entry(std::string_view line, graph::Tuning& tuning) {
  const std::string_view kind = take_word(line);
  const std::string_view first = take_word(line);
  if (kind == "op") {
    return is_name(first) && is_name(line) && tuning.by_op.emplace(std::string(first), std::string(line)).second;
  }
  return kind == "node" && is_name(first) && is_signature(line) &&
         tuning.by_node.emplace(std::string(line), std::string(first)).second;
}

}  // namespace

Subject subject_of(const runtime::Context& context) {
  Subject subject = {context.caps().name, context.caps().driver, context.cache_key(), 0xcbf29ce484222325ull};
  for (const KernelInfo& kernel : kernel_bank()) {
    for (const uint32_t word : kernel.spirv) subject.kernels = fnv1a(subject.kernels, word);
  }
  return subject;
}

std::string to_text(const graph::Tuning& tuning, const Subject& subject) {
  std::string text = header(subject);
  for (const auto& [op, variant] : tuning.by_op) text += fmt::format("op {} {}\n", op, variant);
  for (const auto& [signature, variant] : tuning.by_node) text += fmt::format("node {} {}\n", variant, signature);
  return text;
}

Result<graph::Tuning> parse_tuning(std::string_view text, const Subject& subject) {
  if (!text.starts_with(std::string(kFirstLine) + "\n")) {
    return refuse(fmt::format("it does not begin with the line '{}'", kFirstLine));
  }
  const std::string start = header(subject);
  if (!text.starts_with(start)) {
    return fail(ErrorCode::unsupported,
                fmt::format("it was measured on another device, driver or build of lowtide than {} with {}; `lowtide "
                            "tune` measures anew",
                            subject.device, subject.driver));
  }
  graph::Tuning tuning;
  for (std::string_view rest = text.substr(start.size()); !rest.empty();) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return refuse("its last line is cut short");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.starts_with('#')) continue;
    if (!add_entry(line, tuning)) {
      return refuse(
          fmt::format("its line '{:.80}' is no 'op OP VARIANT' or 'node VARIANT SIGNATURE', or is there twice",
                      one_line(std::string(line))));
    }
    if (tuning.by_op.size() + tuning.by_node.size() > kMaxEntries) {
      return refuse(fmt::format("it has more than {} entries", kMaxEntries));
    }
  }
  return tuning;
}

Result<graph::Tuning> load_tuning_file(const std::filesystem::path& path, const Subject& subject) {
  LOWTIDE_TRY(const std::string text, read_text(path, kMaxBytes));
  auto tuning = parse_tuning(text, subject);
  if (tuning) return tuning;
  return fail(tuning.error().code,
              fmt::format("the tuning file {} cannot be used: {}", path.string(), tuning.error().text));
}

Result<void> save_tuning_file(const std::filesystem::path& path, const graph::Tuning& tuning, const Subject& subject) {
  std::error_code ignored;  // the write below says what is wrong
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  return write_file_atomically(path, to_text(tuning, subject));
}

std::filesystem::path default_tuning_file(const runtime::Context& context, const Subject& subject) {
  if (context.cache_folder().empty()) return {};
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : header(subject)) hash = fnv1a(hash, static_cast<unsigned char>(c));
  return context.cache_folder() / fmt::format("{}-{:08x}.tuning.txt", subject.key, hash & 0xffffffffu);
}

Result<graph::Tuning> find_tuning(const runtime::Context& context, const std::string& request) {
  const char* environment = std::getenv("LOWTIDE_TUNING");
  const std::string wanted = !request.empty() ? request : environment != nullptr ? environment : "";
  if (wanted == "off") return graph::Tuning();
  const Subject subject = subject_of(context);
  const std::filesystem::path path =
      wanted.empty() ? default_tuning_file(context, subject) : std::filesystem::path(wanted);
  if (path.empty()) return graph::Tuning();
  auto tuning = load_tuning_file(path, subject);
  if (tuning) return tuning;
  if (wanted.empty() && tuning.error().code == ErrorCode::not_found) return graph::Tuning();
  if (!wanted.empty() && tuning.error().code != ErrorCode::unsupported) return tuning;
  log(LogLevel::warning, tuning.error().to_string() + "; kernels are chosen by rules");
  return graph::Tuning();
}

}  // namespace lowtide::tune
