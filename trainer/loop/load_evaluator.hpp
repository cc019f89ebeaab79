// SPDX-License-Identifier: Apache-2.0
// An evaluator with the parameters of a checkpoint: for `lowtide eval`, the exporter's proof and tests.
#pragma once

#include <filesystem>
#include <memory>

#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/evaluate.hpp"

namespace lowtide::trainer {

// Of the recipe's last phase. Errors: those of load_checkpoint; a checkpoint that does not fit the network.
Result<std::unique_ptr<Evaluator>> load_evaluator(runtime::Context& context, const Recipe& recipe,
                                                  const Dataset& dataset, const std::filesystem::path& checkpoint);

// With tensors that fit the network: all that evaluation reads is among them.
Result<std::unique_ptr<Evaluator>> make_evaluator(runtime::Context& context, const Recipe& recipe,
                                                  const Dataset& dataset, const std::vector<NamedTensor>& tensors);

// The tensors of a checkpoint that fits the network of the recipe's last phase. Errors as above.
Result<std::vector<NamedTensor>> load_tensors(const Recipe& recipe, const Dataset& dataset,
                                              const std::filesystem::path& checkpoint);

}  // namespace lowtide::trainer
