// SPDX-License-Identifier: Apache-2.0
// Small runs for tests.
#include "tests/train/small_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "engine/base/file.hpp"
#include "tests/harness/device/device_case.hpp"

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

std::vector<std::string> with_steps(const char* quantizer, const char* weight_bits, const char* activation_bits,
                                    std::vector<std::string> more) {
  const std::string weights = std::string(quantizer) == "pact" ? "dorefa" : quantizer;
  more.push_back("quantization.weight_quantizer=" + weights);
  more.push_back(std::string("quantization.activation_quantizer=") + quantizer);
  more.push_back(std::string("quantization.weight_bits=") + weight_bits);
  more.push_back(std::string("quantization.activation_bits=") + activation_bits);
  return more;
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

std::vector<nlohmann::json> metric_lines(const RunFolder& folder, const std::string& kind) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(folder.metrics());
  for (std::string text; std::getline(file, text);) {
    nlohmann::json line = nlohmann::json::parse(text);
    if (line.at("kind") == kind) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::byte> uninterrupted(const Recipe& recipe, const RunFolder& folder) {
  const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
  EXPECT_TRUE(summary) << summary.error().to_string();
  return file_bytes(folder.last());
}

std::function<bool()> stop_at(int times) {
  return [count = std::make_shared<int>(0), times] { return ++*count > times; };
}

void expect_resumed_equals(const Recipe& recipe, const char* name, const std::function<void(RunOptions&)>& stop) {
  const RunFolder whole = fresh_folder(std::string(name) + "_whole");
  const std::vector<std::byte> expected = uninterrupted(recipe, whole);
  const RunFolder parts = fresh_folder(std::string(name) + "_parts");
  RunOptions options = small_run(recipe, parts);
  stop(options);
  const auto first = run_training(harness::test_context(), options);
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_NE(file_bytes(parts.last()), expected) << "the first part did not stop early";
  options = small_run(recipe, parts);
  options.resume = true;
  const auto second = run_training(harness::test_context(), options);
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_FALSE(second->is_interrupted);
  EXPECT_EQ(file_bytes(parts.last()), expected);
  EXPECT_EQ(file_bytes(parts.best()), file_bytes(whole.best()));
}

}  // namespace lowtide::trainer
