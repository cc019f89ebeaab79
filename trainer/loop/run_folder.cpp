// SPDX-License-Identifier: Apache-2.0
// Folders of a run.
#include "trainer/loop/run_folder.hpp"

#include <fmt/format.h>

#include <system_error>

namespace lowtide::trainer {

Result<void> RunFolder::make() const {
  std::error_code error;
  std::filesystem::create_directories(path / "checkpoints", error);
  if (!error) return {};
  return fail(ErrorCode::io, fmt::format("cannot make the run folder {}: {}", path.string(), error.message()));
}

Result<std::filesystem::path> RunFolder::best_or_last() const {
  std::error_code error;
  if (std::filesystem::exists(best(), error)) return best();
  if (std::filesystem::exists(last(), error)) return last();
  return fail(ErrorCode::not_found,
              fmt::format("{} holds no checkpoint (checkpoints/best.safetensors or last.safetensors); train first with "
                          "'lowtide train'",
                          path.string()));
}

}  // namespace lowtide::trainer
