// SPDX-License-Identifier: Apache-2.0
// Stochastic precision without a device: the share as a function of the step, which layers draw together, what is in
// the graphs, what is refused.
#include "trainer/methods/stochastic.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/ops/draw_select/draw_select.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {
namespace {

constexpr const char* kBase = "[quantization]\nweight_bits = 2\nactivation_bits = 2\n";

Recipe read_ok(const std::string& text) {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml");
  if (recipe) return *recipe;
  ADD_FAILURE() << recipe.error().to_string();
  return {};
}

TEST(Stochastic, TheShareRisesToOneAndStays) {
  Phase phase;
  EXPECT_EQ(quantized_share_at(phase, 10, 0), 1);  // off
  phase.training.epochs = 8;
  phase.stochastic = {.is_on = true, .start = 0.25, .fraction = 0.5};
  EXPECT_EQ(quantized_share_at(phase, 10, 0), 0.25);
  EXPECT_EQ(quantized_share_at(phase, 10, 20), 0.625);
  EXPECT_LT(quantized_share_at(phase, 10, 39), 1);
  EXPECT_EQ(quantized_share_at(phase, 10, 40), 1);
  EXPECT_EQ(quantized_share_at(phase, 10, 79), 1);
  // A phase that is a later part of a schedule goes on where the first part ended.
  phase.schedule.total_epochs = 8;
  phase.schedule.first_epoch = 2;
  EXPECT_EQ(quantized_share_at(phase, 10, 0), 0.625);
  phase.stochastic.fraction = 0;
  EXPECT_EQ(quantized_share_at(phase, 10, 0), 1);
}

TEST(Stochastic, ASectionThatIsPresentSwitchesItOn) {
  EXPECT_FALSE(read_ok(kBase).phases[0].stochastic.is_on);
  const Recipe on = read_ok(std::string(kBase) + "[stochastic]\n");
  EXPECT_TRUE(on.phases[0].stochastic.is_on);
  EXPECT_EQ(read_ok(recipe_text(on)), on);
  EXPECT_EQ(read_ok(recipe_text(read_ok(kBase))), read_ok(kBase));
  const Recipe phases =
      read_ok(std::string(kBase) + "[stochastic]\n[[phase]]\n[[phase]]\n[phase.stochastic]\nenabled = false\n");
  EXPECT_TRUE(phases.phases[0].stochastic.is_on);
  EXPECT_FALSE(phases.phases[1].stochastic.is_on);
  EXPECT_EQ(read_ok(recipe_text(phases)), phases);
}

// Weights and activations of a block's layers draw together, other blocks on their own; evaluation does not draw.
TEST(Stochastic, ABlockDrawsOnce) {
  Phase phase = read_ok(std::string(kBase) + "[stochastic]\n[network]\nname = \"resnet20\"\n").phases[0];
  const NetInput input = {.batch = 2, .height = 32, .width = 32, .channels = 3, .classes = 10};
  const auto train = make_train_graph(phase, input);
  ASSERT_TRUE(train) << train.error().to_string();
  std::map<std::string, std::set<uint32_t>> streams;  // by block
  size_t selections = 0;
  for (const graph::Node& node : train->graph.nodes()) {
    if (node.op->name != "draw_select") continue;
    ++selections;
    const std::string block = node.name.substr(0, node.name.rfind(".conv"));
    streams[block].insert(node.params<ops::DrawSelectOpParams>().stream);
  }
  EXPECT_EQ(selections, 36u);  // 18 convolutions, weights and activations
  EXPECT_EQ(streams.size(), 9u);
  std::set<uint32_t> all;
  for (const auto& [block, found] : streams) {
    EXPECT_EQ(found.size(), 1u) << block;
    all.insert(found.begin(), found.end());
  }
  EXPECT_EQ(all.size(), 9u);
  const auto eval = make_eval_graph(phase, input);
  ASSERT_TRUE(eval);
  for (const graph::Node& node : eval->graph.nodes()) EXPECT_NE(node.op->name, "draw_select");
  EXPECT_EQ(block_of("stage1.2.conv1"), "stage1.2");
  EXPECT_EQ(block_of("conv2"), "conv2");
}

TEST(Stochastic, OtherQuantisersAndNoneAreRefused) {
  const auto error_of = [](const std::string& text) {
    const Result<Recipe> recipe = parse_recipe(text + "[stochastic]\n", "r.toml");
    return recipe ? std::string("no error") : recipe.error().to_string();
  };
  const std::pair<const char*, const char*> refusals[] = {
      {"", "[stochastic] draws which blocks run quantised, but [quantization] leaves weights and activations in full"},
      {"[quantization]\nweight_bits = 1\nweight_quantizer = \"sign\"\n",
       "quantization.weight_quantizer is \"sign\", but [stochastic] leaves out the rounding of dorefa alone"},
      {"[quantization]\nactivation_bits = 1\nactivation_quantizer = \"sign\"\n",
       "quantization.activation_quantizer is \"sign\", but [stochastic]"},
      {"[quantization]\nweight_bits = 2\n[[quantization.layers]]\npattern = \"a\"\nweight_quantizer = \"twn\"\n",
       "layers entry 0: weight_quantizer is \"twn\", but [stochastic]"},
      // The last step of this chain has signs.
      {"[quantization]\nweight_bits = 1\nactivation_bits = 1\nweight_quantizer = \"sign\"\n[cyclic]\nbits = [2, 1]\n",
       "phase 2 (cycle 1, 1 bit): quantization.weight_quantizer is \"sign\", but [stochastic]"},
  };
  for (const auto& [text, expected] : refusals) {
    const std::string error = error_of(text);
    EXPECT_NE(error.find(expected), std::string::npos) << text << "\n -> " << error;
  }
}

// Steps of a staged method draw where they quantise.
TEST(Stochastic, StandsInStages) {
  const Recipe r = read_ok(std::string(kBase) + "[stochastic]\n[two_stage]\n[progressive]\nbits = [32, 4, 2]\n");
  ASSERT_EQ(r.phases.size(), 4u);
  for (size_t i = 0; i < r.phases.size(); ++i) EXPECT_EQ(r.phases[i].stochastic.is_on, i > 0) << i;
}

}  // namespace
}  // namespace lowtide::trainer
