// SPDX-License-Identifier: Apache-2.0
// Reading a manifest.
#include "manifest.hpp"

#include <sstream>

#include "engine/base/file.hpp"

namespace lowtide::kernel_bank {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace

Result<Manifest> read_manifest(const std::filesystem::path& path) {
  LOWTIDE_TRY(const std::string text, read_text(path));
  Manifest manifest{path.stem().string(), {}};
  for (const std::string& line : split(text, '\n')) {
    std::vector<std::string> fields = split(line, '|');
    if (fields.size() < 2 || fields.size() > 5) {
      return fail(ErrorCode::format,
                  path.string() + ": expected name|module|address module|features|in-place, found '" + line + "'");
    }
    fields.resize(5);
    manifest.kernels.push_back({fields[0], fields[1], fields[2], split(fields[3], ' '), split(fields[4], ' ')});
  }
  return manifest;
}

}  // namespace lowtide::kernel_bank
