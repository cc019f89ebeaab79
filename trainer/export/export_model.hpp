// SPDX-License-Identifier: Apache-2.0
// Checkpoint -> packed model file, with the proof that both say the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/runtime/context.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/export/fold_and_pack.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct ExportReport {
  std::vector<PackedLayerReport> layers;
  uint64_t float_bytes = 0;  // of the parameters and running statistics in f32
  uint64_t file_bytes = 0;   // of the packed model
};

// Evaluates what depends on parameters alone on the device (quantised weights, folded batch norm), folds, packs, writes
// the file atomically. The recipe's last phase is exported. Errors: those of load_checkpoint, a checkpoint of another
// network, layers of 16 bits, writing.
Result<ExportReport> export_model(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                                  const std::filesystem::path& checkpoint, const std::filesystem::path& target);
// The same of tensors that fit the network (load_tensors, untrained_tensors).
Result<ExportReport> export_model(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                                  const std::vector<NamedTensor>& tensors, const std::filesystem::path& target);

}  // namespace lowtide::trainer
