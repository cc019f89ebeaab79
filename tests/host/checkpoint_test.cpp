// SPDX-License-Identifier: Apache-2.0
// Checkpoints: what was saved is loaded to the bit, equal states give equal files, and files that are damaged, of
// another kind or of another network are answered by a sentence.
#include "trainer/checkpoint/checkpoint.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/file.hpp"
#include "engine/model/safetensors.hpp"

namespace lowtide::trainer {
namespace {

std::filesystem::path scratch_file(const char* name) {
  return std::filesystem::path(::testing::TempDir()) / (std::string("lowtide_checkpoint_") + name + ".safetensors");
}

NamedTensor tensor(std::string name, Shape shape, float start) {
  NamedTensor out{std::move(name), f32_desc(shape), {}};
  out.bytes.resize(out.desc.bytes());
  for (size_t i = 0; i < out.desc.element_count(); ++i) {
    const float element = start + static_cast<float>(i);
    std::memcpy(out.bytes.data() + i * sizeof(float), &element, sizeof(float));
  }
  return out;
}

Checkpoint example() {
  Checkpoint c;
  c.state = {.seed = 0xfedcba9876543210u,
             .position = {.phase = 1, .epoch = 7, .batch = 3, .step = 1234567},
             .sums = {.loss = 0.1 + 0.2, .correct = 17, .images = 300, .steps = 3},
             .rate_factor = 1.0 / 3,
             .best_accuracy = 0.8915,
             .best_epoch = 6};
  c.network = "lenet5";
  c.recipe = "name = \"x\"\n";
  c.tensors = {tensor("conv1.weight", {2, 3, 3, 1}, 0.5f), tensor("conv1.running_var", {2}, 1.0f),
               tensor("moment0/conv1.weight", {2, 3, 3, 1}, -4.0f)};
  return c;
}

// The example with one metadata entry replaced (or dropped, where value is null).
Result<Checkpoint> load_with(const char* key, const char* value) {
  const auto path = scratch_file("changed");
  EXPECT_TRUE(save_checkpoint(path, example()));
  model::Metadata metadata;
  {
    const auto file = model::Safetensors::open(path);
    EXPECT_TRUE(file);
    metadata = file->metadata();
  }
  metadata.erase(key);
  if (value != nullptr) metadata[key] = value;
  EXPECT_TRUE(model::write_safetensors(path, metadata, {}));
  return load_checkpoint(path);
}

TEST(Checkpoint, RoundTripsToTheBit) {
  const auto path = scratch_file("round_trip");
  const Checkpoint saved = example();
  ASSERT_TRUE(save_checkpoint(path, saved));
  const auto loaded = load_checkpoint(path);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->state, saved.state);
  EXPECT_EQ(loaded->network, saved.network);
  EXPECT_EQ(loaded->recipe, saved.recipe);
  ASSERT_EQ(loaded->tensors.size(), saved.tensors.size());
  for (const NamedTensor& t : saved.tensors) {
    const NamedTensor* found = loaded->find(t.name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->desc, t.desc);
    EXPECT_EQ(found->bytes, t.bytes);
  }
  const auto again = scratch_file("round_trip_again");
  ASSERT_TRUE(save_checkpoint(again, *loaded));
  const auto a = MappedFile::open(path);
  const auto b = MappedFile::open(again);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(std::ranges::equal(a->bytes(), b->bytes()));
}

TEST(Checkpoint, HostileEntriesAreRefused) {
  const auto expect = [](const char* key, const char* value, const char* what) {
    const auto loaded = load_with(key, value);
    ASSERT_FALSE(loaded) << key;
    EXPECT_EQ(loaded.error().code, ErrorCode::format) << key;
    EXPECT_NE(loaded.error().text.find(what), std::string::npos) << loaded.error().text;
  };
  expect("lowtide.kind", nullptr, "another kind");
  expect("lowtide.kind", "packed model", "another kind");
  expect("lowtide.version", "2", "version");
  expect("recipe", nullptr, "no entry 'recipe'");
  expect("seed", nullptr, "no entry 'seed'");
  expect("seed", "-1", "'seed'");
  expect("seed", "99999999999999999999999", "'seed'");
  expect("position.step", "12x", "'position.step'");
  expect("position.step", "", "'position.step'");
  expect("position.epoch", "18446744073709551615", "absurdly");
  expect("rate_factor", "nan", "out of range");
  expect("rate_factor", "0", "out of range");
  expect("best.accuracy", "inf", "out of range");
  expect("sums.correct", "301", "out of range");
}

TEST(Checkpoint, TruncatedAndMissingFilesAreErrors) {
  const auto path = scratch_file("truncated");
  ASSERT_TRUE(save_checkpoint(path, example()));
  const auto text = read_text(path);
  ASSERT_TRUE(text);
  for (const size_t keep : {size_t{0}, size_t{7}, size_t{100}, text->size() - 1}) {
    ASSERT_TRUE(write_file_atomically(path, std::string_view(*text).substr(0, keep)));
    EXPECT_FALSE(load_checkpoint(path)) << keep;
  }
  EXPECT_EQ(load_checkpoint("/nonexistent.safetensors").error().code, ErrorCode::not_found);
}

TEST(Checkpoint, AnotherNetworksTensorsAreListed) {
  const Checkpoint c = example();
  std::vector<NamedTensor> wanted = c.tensors;
  EXPECT_TRUE(match_tensors(c, wanted, false, "c"));
  wanted[0].desc = f32_desc({2, 5, 5, 1});
  wanted[1].name = "conv2.running_var";
  const auto strict = match_tensors(c, wanted, false, "c");
  ASSERT_FALSE(strict);
  EXPECT_EQ(strict.error().reasons.size(), 3u) << strict.error().to_string();
  const auto lenient = match_tensors(c, wanted, true, "c");
  ASSERT_FALSE(lenient);
  EXPECT_EQ(lenient.error().reasons.size(), 2u);
  EXPECT_TRUE(match_tensors(c, {c.tensors[0]}, true, "c"));
  EXPECT_FALSE(match_tensors(c, {c.tensors[0]}, false, "c"));
}

}  // namespace
}  // namespace lowtide::trainer
