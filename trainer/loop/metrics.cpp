// SPDX-License-Identifier: Apache-2.0
// JSON lines.
#include "trainer/loop/metrics.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>

namespace lowtide::trainer {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

MetricLine::MetricLine(std::string_view kind) : text_("{\"kind\": " + quoted(kind)) {}

MetricLine& MetricLine::text(std::string_view key, std::string_view value) {
  text_ += fmt::format(", {}: {}", quoted(key), quoted(value));
  return *this;
}

MetricLine& MetricLine::count(std::string_view key, uint64_t value) {
  text_ += fmt::format(", {}: {}", quoted(key), value);
  return *this;
}

MetricLine& MetricLine::real(std::string_view key, double value) {
  text_ += fmt::format(", {}: {}", quoted(key), std::isfinite(value) ? fmt::format("{:.7g}", value) : "null");
  return *this;
}

std::string MetricLine::take() const {
  return text_ + "}\n";
}

Result<MetricFile> MetricFile::open(const std::filesystem::path& path) {
  MetricFile file;
  file.path_ = path;
  file.file_.reset(std::fopen(path.c_str(), "ab"));
  if (file.file_ == nullptr) {
    return fail(ErrorCode::io, fmt::format("cannot append to {}: {}", path.string(), std::strerror(errno)));
  }
  return file;
}

Result<void> MetricFile::write(const MetricLine& line) {
  const std::string text = line.take();
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() && std::fflush(file_.get()) == 0) return {};
  return fail(ErrorCode::io, fmt::format("cannot write to {}: {}", path_.string(), std::strerror(errno)));
}

}  // namespace lowtide::trainer
