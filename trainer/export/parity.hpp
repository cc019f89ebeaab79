// SPDX-License-Identifier: Apache-2.0
// The proof behind an export: packed inference against the training graph's evaluation, image by image.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/runtime/context.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct Parity {
  uint64_t images = 0;
  uint64_t different_predictions = 0;
  uint64_t different_logits = 0;  // images with a logit whose bits differ
  uint64_t correct = 0;           // of the packed model
  double evaluation_seconds = 0;  // device and host, all images
  double packed_seconds = 0;

  bool is_exact() const { return different_predictions == 0 && different_logits == 0; }
};

// The packed model is given pixels, the evaluation what the recipe makes of them.
// On the first `limit` test images (0: all), in batches of the recipe's eval_batch.
Result<Parity> prove_parity(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                            const std::filesystem::path& checkpoint, const std::filesystem::path& packed_model,
                            uint64_t limit = 0);
// The same of tensors that fit the network.
Result<Parity> prove_parity(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                            const std::vector<NamedTensor>& tensors, const std::filesystem::path& packed_model,
                            uint64_t limit = 0);

}  // namespace lowtide::trainer
