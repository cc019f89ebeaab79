// SPDX-License-Identifier: Apache-2.0
// Small runs for tests.
#include "tests/train/small_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "engine/base/file.hpp"

namespace lowtide::trainer {

RunFolder fresh_folder(const std::string& name) {
  const std::string driver = std::to_string(::testing::UnitTest::GetInstance()->random_seed());
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    ("lowtide_train_" + std::to_string(static_cast<long>(::getpid())) + driver) / name;
  std::filesystem::remove_all(path);
  return {path};
}

Recipe small_recipe(const std::vector<std::string>& changes) {
  constexpr const char* kText = R"(
name = "small"
seed = 11
[data]
set = "glyphs"
batch = 20
eval_batch = 24
train_limit = 300
test_limit = 100
[network]
name = "lenet5"
width = 0.5
[quantization]
weight_bits = 2
activation_bits = 2
[optimizer]
name = "adam"
[schedule]
name = "cosine"
rate = 0.003
[training]
epochs = 4
log_every = 5
)";
  const Result<Recipe> recipe = parse_recipe(kText, "small", changes);
  EXPECT_TRUE(recipe) << recipe.error().to_string();
  return recipe ? *recipe : Recipe{};
}

RunOptions small_run(const Recipe& recipe, const RunFolder& folder) {
  RunOptions options;
  options.recipe = recipe;
  options.folder = folder;
  options.output = nullptr;
  return options;
}

std::vector<double> elements_of(const NamedTensor& tensor) {
  std::vector<float> elements(tensor.bytes.size() / sizeof(float));
  std::memcpy(elements.data(), tensor.bytes.data(), tensor.bytes.size());
  return {elements.begin(), elements.end()};
}

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  const Result<MappedFile> file = MappedFile::open(path);
  EXPECT_TRUE(file) << file.error().to_string();
  if (!file) return {};
  return {file->bytes().begin(), file->bytes().end()};
}

}  // namespace lowtide::trainer
