// SPDX-License-Identifier: Apache-2.0
// Where a run keeps its files:
//   recipe.toml  tuning.txt  metrics.jsonl  log  checkpoints/last.safetensors  checkpoints/best.safetensors
//   model.safetensors
#pragma once

#include <filesystem>

#include "engine/base/result.hpp"

namespace lowtide::trainer {

struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path recipe() const { return path / "recipe.toml"; }
  std::filesystem::path tuning() const { return path / "tuning.txt"; }  // the run's choices of kernels, if it has any
  std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
  std::filesystem::path log() const { return path / "log"; }
  std::filesystem::path last() const { return path / "checkpoints" / "last.safetensors"; }
  std::filesystem::path best() const { return path / "checkpoints" / "best.safetensors"; }
  std::filesystem::path model() const { return path / "model.safetensors"; }

  // Makes the folders. Error: io, with the path.
  Result<void> make() const;
  // The best checkpoint where there is one, else the last; error not_found where there is none.
  Result<std::filesystem::path> best_or_last() const;
};

}  // namespace lowtide::trainer
