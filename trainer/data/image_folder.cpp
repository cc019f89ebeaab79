// SPDX-License-Identifier: Apache-2.0
// Walks the folders; files are listed in sorted order, so that an index means the same image on every machine.
#include "trainer/data/image_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <system_error>
#include <vector>

namespace lowtide::trainer {
namespace {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> sorted_entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  if (error) {
    return fail(
        ErrorCode::not_found,
        fmt::format("cannot list {}: {}; an image folder holds train/<class>/ and val/<class>/ with JPEG or PNG "
                    "files",
                    folder.string(), error.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

bool has_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !is_hidden(path) && (extension == ".jpg" || extension == ".jpeg" || extension == ".png");
}

Result<std::vector<std::string>> class_folders(const fs::path& folder) {
  LOWTIDE_TRY(const std::vector<fs::path> entries, sorted_entries(folder));
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::path& entry : entries) {
    if (!is_hidden(entry) && fs::is_directory(entry, error)) names.push_back(entry.filename().string());
  }
  if (names.empty()) {
    return fail(ErrorCode::format, fmt::format("{} holds no class folders; expected {}/<class>/*.jpg or *.png",
                                               folder.string(), folder.string()));
  }
  return names;
}

Result<void> append_class(const fs::path& folder, uint32_t label, Split& split) {
  LOWTIDE_TRY(const std::vector<fs::path> entries, sorted_entries(folder));
  const size_t before = split.files.size();
  for (const fs::path& entry : entries) {
    if (!has_image_name(entry)) continue;
    split.files.push_back(entry);
    split.labels.push_back(label);
  }
  if (split.files.size() == before) {
    return fail(
        ErrorCode::format,
        fmt::format("the class folder {} holds no *.jpg, *.jpeg or *.png; fill it or take it away", folder.string()));
  }
  return {};
}

}  // namespace

Result<Dataset> open_image_folder(const fs::path& path, uint32_t image_size) {
  Dataset dataset;
  dataset.name = "folder:" + path.string();
  dataset.image = {image_size, image_size, 3};
  dataset.mean = {0.485f, 0.456f, 0.406f};
  dataset.deviation = {0.229f, 0.224f, 0.225f};
  LOWTIDE_TRY(dataset.class_names, class_folders(path / "train"));
  for (uint32_t label = 0; label < dataset.class_count(); ++label) {
    LOWTIDE_TRY_VOID(append_class(path / "train" / dataset.class_names[label], label, dataset.train));
  }
  LOWTIDE_TRY(const std::vector<std::string> val_names, class_folders(path / "val"));
  for (const std::string& name : val_names) {
    const auto found = std::lower_bound(dataset.class_names.begin(), dataset.class_names.end(), name);
    if (found == dataset.class_names.end() || *found != name) {
      return fail(ErrorCode::format, fmt::format("{} has the class {}, which {} lacks; both need the same classes",
                                                 (path / "val").string(), name, (path / "train").string()));
    }
    const auto label = static_cast<uint32_t>(found - dataset.class_names.begin());
    LOWTIDE_TRY_VOID(append_class(path / "val" / name, label, dataset.test));
  }
  return dataset;
}

}  // namespace lowtide::trainer
