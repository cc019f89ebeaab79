// SPDX-License-Identifier: Apache-2.0
// Packed models of networks that never trained: the shipped ResNet-18 on small images of noise, bit for bit.
#include "trainer/export/untrained.hpp"

#include <gtest/gtest.h>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"

namespace lowtide::trainer {
namespace {

Recipe shipped(const std::vector<std::string>& changes) {
  const auto recipe = read_recipe(LOWTIDE_SOURCE_DIR "/samples/recipes/imagenet_resnet18_w1a1.toml", changes);
  LOWTIDE_CHECK(recipe.has_value(), "the shipped recipe reads");
  return *recipe;
}

TEST(Untrained, ResNet18PackedEqualsEvaluation) {
  const Recipe recipe = shipped({"network.width=0.5", "data.eval_batch=2"});
  const Dataset noise = noise_images({64, 96, 3}, 5, 3, recipe.seed);
  const auto tensors = untrained_tensors(recipe, noise);
  ASSERT_TRUE(tensors.has_value()) << tensors.error().to_string();
  const RunFolder folder = fresh_folder("untrained");
  std::filesystem::create_directories(folder.path);
  const auto report = export_model(harness::test_context(), recipe, noise, *tensors, folder.model());
  ASSERT_TRUE(report.has_value()) << report.error().to_string();
  const auto parity = prove_parity(harness::test_context(), recipe, noise, *tensors, folder.model());
  ASSERT_TRUE(parity.has_value()) << parity.error().to_string();
  EXPECT_EQ(parity->images, 3u);
  EXPECT_TRUE(parity->is_exact());
  size_t packed = 0, with_norm = 0;
  for (const PackedLayerReport& layer : report->layers) {
    packed += layer.form.starts_with("packed") ? 1 : 0;
    with_norm += layer.form.ends_with("affine") ? 1 : 0;
  }
  EXPECT_EQ(packed, 16u);
  EXPECT_EQ(with_norm, 8u);  // in front of the shortcuts' sums
}

TEST(Untrained, LearnedStepsNeedData) {
  const Recipe recipe =
      shipped({"quantization.weight_quantizer=lsq", "quantization.activation_quantizer=lsq", "optimizer.latent_clip=0",
               "quantization.weight_bits=2", "quantization.activation_bits=2"});
  const auto tensors = untrained_tensors(recipe, noise_images({64, 64, 3}, 5, 1, 1));
  ASSERT_FALSE(tensors.has_value());
  EXPECT_NE(tensors.error().to_string().find("learned from data"), std::string::npos);
}

TEST(Untrained, NoiseIsAFunctionOfTheSeed) {
  const Dataset one = noise_images({5, 7, 2}, 3, 2, 1), again = noise_images({5, 7, 2}, 3, 2, 1);
  const Dataset other = noise_images({5, 7, 2}, 3, 2, 2);
  ASSERT_EQ(one.test.pixels.size(), 140u);
  EXPECT_EQ(one.test.pixels, again.test.pixels);
  EXPECT_NE(one.test.pixels, other.test.pixels);
  EXPECT_EQ(one.class_count(), 3u);
}

}  // namespace
}  // namespace lowtide::trainer
