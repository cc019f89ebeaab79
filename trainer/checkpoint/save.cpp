// SPDX-License-Identifier: Apache-2.0
// Checkpoint -> file. Numbers are written in a form that reads back to the same bits.
#include <fmt/format.h>

#include "engine/model/safetensors.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/checkpoint/keys.hpp"

namespace lowtide::trainer {

const NamedTensor* Checkpoint::find(std::string_view name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<void> save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  model::Metadata metadata = {{checkpoint_keys::kKind, checkpoint_keys::kKindValue},
                              {checkpoint_keys::kVersion, checkpoint_keys::kVersionValue},
                              {checkpoint_keys::kNetwork, checkpoint.network},
                              {checkpoint_keys::kRecipe, checkpoint.recipe}};
  if (!checkpoint.teacher.empty()) metadata.emplace(checkpoint_keys::kTeacher, checkpoint.teacher);
  RunState state = checkpoint.state;
  checkpoint_keys::for_each_number(state, [&](const char* key, auto& number) {
    metadata.emplace(key, fmt::format("{}", number));  // shortest text that reads back exactly
  });
  std::vector<model::StoredTensor> tensors;
  for (const NamedTensor& tensor : checkpoint.tensors) tensors.push_back({tensor.name, tensor.desc, tensor.bytes});
  return model::write_safetensors(path, metadata, tensors);
}

}  // namespace lowtide::trainer
