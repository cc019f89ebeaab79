// SPDX-License-Identifier: Apache-2.0
// AQE without a device: alpha at the ends of every schedule, what a recipe may not say, what a layer is made of, and
// that every pair of bits of the MINW models builds.
#include "trainer/methods/aqe.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/graph/op_info.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/schedule/step_values.hpp"

namespace lowtide::trainer {
namespace {

Phase blending_phase(BlendSchedule schedule, uint32_t epochs) {
  Phase phase;
  phase.quantization.weight_bits = 1;
  phase.quantization.weight_quantizer = WeightQuantizer::threshold;
  phase.quantization.weight_estimator = Estimator::aqe_g1;
  phase.blend.schedule = schedule;
  phase.training.epochs = epochs;
  return phase;
}

TEST(Blend, LinearEndsExactly) {
  const Phase phase = blending_phase(BlendSchedule::linear, 93);
  constexpr uint64_t kSteps = 7;
  EXPECT_EQ(blend_at(phase, kSteps, 0), 0.5);
  EXPECT_EQ(blend_at(phase, kSteps, 6), 0.5);  // once an epoch
  EXPECT_GT(blend_at(phase, kSteps, 7), 0.5);
  EXPECT_EQ(blend_at(phase, kSteps, 92 * kSteps), 1.0);
  EXPECT_EQ(blend_at(phase, kSteps, 93 * kSteps - 1), 1.0);
  EXPECT_LT(blend_at(phase, kSteps, 92 * kSteps - 1), 1.0);
  // The bins that the paper's histograms show at epochs 5, 25 and 55.
  EXPECT_NEAR(blend_at(phase, kSteps, 4 * kSteps), 0.521, 0.005);
  EXPECT_NEAR(blend_at(phase, kSteps, 24 * kSteps), 0.630, 0.005);
  EXPECT_NEAR(blend_at(phase, kSteps, 54 * kSteps), 0.790, 0.005);
}

TEST(Blend, GeometricEndsExactly) {
  const Phase phase = blending_phase(BlendSchedule::geometric, 80);
  EXPECT_DOUBLE_EQ(blend_at(phase, 3, 0), 0.5 * std::pow(2.0, 1.0 / 80));
  EXPECT_NEAR(blend_at(phase, 3, 4 * 3), 0.522, 0.0005);
  EXPECT_NEAR(blend_at(phase, 3, 24 * 3), 0.621, 0.0005);
  EXPECT_NEAR(blend_at(phase, 3, 54 * 3), 0.805, 0.0005);
  EXPECT_EQ(blend_at(phase, 3, 79 * 3), 1.0);
  EXPECT_LT(blend_at(phase, 3, 79 * 3 - 1), 1.0);
}

TEST(Blend, ConstantStays) {
  Phase phase = blending_phase(BlendSchedule::constant, 5);
  phase.blend.from = 0.75;
  for (const uint64_t step : {0u, 12u, 24u}) EXPECT_EQ(blend_at(phase, 5, step), 0.75);
}

TEST(Blend, OneEpochIsTheLastOne) {
  for (const BlendSchedule schedule : {BlendSchedule::linear, BlendSchedule::geometric}) {
    EXPECT_EQ(blend_at(blending_phase(schedule, 1), 5, 0), 1.0);
  }
}

TEST(Blend, FollowsTheScheduleOverPhases) {
  Phase phase = blending_phase(BlendSchedule::linear, 3);
  phase.schedule.first_epoch = 3;
  phase.schedule.total_epochs = 6;
  EXPECT_DOUBLE_EQ(step_values(phase, 10, 0).blend, 0.5 + 0.5 * 3 / 5);
  EXPECT_EQ(step_values(phase, 10, 29).blend, 1.0);
}

TEST(Blend, IsOneWhereNothingBlends) {
  Phase phase = blending_phase(BlendSchedule::linear, 3);
  phase.quantization.weight_estimator = Estimator::ewgs;
  EXPECT_EQ(step_values(phase, 10, 0).blend, 1.0);
  phase.quantization.layers = {{.pattern = "conv1", .activation_estimator = Estimator::aqe_g3}};
  EXPECT_EQ(step_values(phase, 10, 0).blend, 0.5);
}

std::string error_of(std::string_view text) {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml");
  return recipe ? std::string("no error") : recipe.error().to_string();
}

TEST(AqeRecipe, EachContradictionNamesBothSides) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"[blend]\nschedule = \"geometric\"", "blend schedules alpha, but neither quantization.weight_estimator"},
      {"[quantization]\nweight_bits = 1\nweight_quantizer = \"threshold\"\nweight_estimator = "
       "\"aqe_g2\"\n[blend]\nfrom = "
       "0.9\nto = 0.8",
       "blend.from is 0.9, above blend.to = 0.8"},
      {"[quantization]\nweight_bits = 1\nweight_quantizer = \"threshold\"\nweight_estimator = "
       "\"aqe_g2\"\n[blend]\nfrom = "
       "0\nschedule = \"geometric\"",
       "multiplies, but blend.from is 0"},
      {"[quantization]\nweight_bits = 1\nweight_quantizer = \"sign\"\nweight_estimator = \"aqe_g1\"",
       "weight_estimator = \"aqe_g1\" blends levels of a static step with the value itself, but weight_quantizer is "
       "\"sign\""},
      {"[quantization]\nweight_bits = 2\nweight_quantizer = \"twn\"\nweight_estimator = \"aqe_g1\"", "is \"twn\""},
      {"[quantization]\nweight_bits = 2\nweight_quantizer = \"threshold\"\nweight_estimator = \"bireal\"",
       "is the gradient of a sign, but weight_quantizer is \"threshold\" with 2 bits"},
      {"[quantization]\nactivation_bits = 2\nactivation_estimator = \"bireal\"", "activation_quantizer is \"dorefa\""},
      {"[quantization]\nweight_bits = 2\nweight_estimator = \"ewgs\"", "scales by the distance to a level, but"},
      {"[quantization]\nweight_bits = 5\nweight_quantizer = \"threshold\"", "has 1 to 4 bits, but weight_bits is 5"},
      {"[quantization]\nactivation_bits = 8\nactivation_quantizer = \"threshold\"", "but activation_bits is 8"},
      {"[quantization]\nweight_bits = 2\nweight_quantizer = \"threshold\"\nlast_layer = 8",
       "quantization.last_layer: weight_quantizer = \"threshold\" has 1 to 4 bits"},
      {"[quantization]\nweight_bits = 3\nweight_quantizer = \"twn\"", "\"twn\" has 2 bits, but weight_bits is 3"},
      {"[quantization]\nweight_bits = 3\nweight_quantizer = \"threshold\"\nweight_threshold_rule = \"twn\"",
       "is ternary, but the weights have 3 bits"},
      {"[quantization]\nactivation_threshold_rule = \"twn\"", "is a rule for weights"},
      {"[quantization]\nthresholds_3bit = [0.1, 0.2]", "thresholds_3bit must hold 3 numbers above 0 that rise"},
      {"[quantization]\nthresholds_2bit = [-0.1]", "thresholds_2bit must hold 1 numbers"},
      {"[quantization]\nthresholds_3bit = [0.3, 0.2, 0.1]", "that rise"},
      {"[quantization]\nthresholds_2bit = 0.1", "expected a list of numbers in [ ], found 0.1"},
      {"[quantization]\nthresholds_2bit = [\"a\"]", "expected a number, found \"a\""},
      {"[[quantization.layers]]\npattern = \"a\"\nthresholds_2bit = [0.1, 0.2]", "layers entry 0.thresholds_2bit"},
      {"[[quantization.layers]]\npattern = \"a\"\nweight_bits = 2\nweight_estimator = \"aqe_g1\"",
       "layers entry 0: weight_estimator = \"aqe_g1\""},
      {"[quantization]\nactivation_bits = 1\nactivation_quantizer = \"sign\"\nactivation_estimator = "
       "\"bireal\"\nclip_window = 2",
       "ends at 1, but clip_window is 2"},
  };
  for (const auto& [text, expected] : mistakes) {
    const std::string error = error_of(text);
    EXPECT_NE(error.find(expected), std::string::npos) << text << "\n -> " << error;
  }
}

TEST(AqeRecipe, WordsApplyToEdgesAndPatterns) {
  const auto recipe = parse_recipe(R"(
[quantization]
weight_bits = 3
activation_bits = 2
weight_quantizer = "threshold"
activation_quantizer = "threshold"
weight_estimator = "aqe_g1"
activation_estimator = "aqe_g2"
first_layer = 2
last_layer = 1
thresholds_2bit = [0.125]
[[quantization.layers]]
pattern = "fc*"
activation_bits = 3
activation_estimator = "ewgs"
weight_threshold_rule = "fixed"
thresholds_3bit = [0.25, 0.5, 0.75]
)",
                                   "words");
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  const QuantizationOptions& q = recipe->phases[0].quantization;
  const LayerPrecision first = layer_precision(q, "conv1", LayerPosition::first);
  EXPECT_EQ(first.weight_quantizer, WeightQuantizer::threshold);
  EXPECT_EQ(first.weight_bits, 2u);
  EXPECT_EQ(first.weight_estimator, Estimator::aqe_g1);
  EXPECT_EQ(first.thresholds.two_bits, std::vector<double>{0.125});
  const LayerPrecision last = layer_precision(q, "fc3", LayerPosition::last);
  EXPECT_EQ(last.weight_quantizer, WeightQuantizer::threshold);
  EXPECT_EQ(last.weight_bits, 1u);
  EXPECT_EQ(last.activation_bits, 3u);
  EXPECT_EQ(last.activation_quantizer, ActivationQuantizer::threshold);
  EXPECT_EQ(last.activation_estimator, Estimator::ewgs);
  EXPECT_EQ(last.thresholds.weight_rule, ThresholdRule::fixed);
  EXPECT_EQ(last.thresholds.activation_rule, ThresholdRule::max_relative);
  EXPECT_EQ(last.thresholds.three_bits, (std::vector<double>{0.25, 0.5, 0.75}));
  const auto again = parse_recipe(recipe_text(*recipe), "written");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again, *recipe);
}

// A sign network whose edges have more bits gives them dorefa, and then dorefa's own gradient.
TEST(AqeRecipe, EdgesThatLeaveTheirQuantizerLeaveItsEstimator) {
  QuantizationOptions q;
  q.weight_bits = q.activation_bits = 1;
  q.weight_quantizer = WeightQuantizer::sign;
  q.activation_quantizer = ActivationQuantizer::sign;
  q.weight_estimator = q.activation_estimator = Estimator::bireal;
  q.last_layer = 8;
  const LayerPrecision last = layer_precision(q, "fc", LayerPosition::last);
  EXPECT_EQ(last.weight_quantizer, WeightQuantizer::dorefa);
  EXPECT_EQ(last.weight_estimator, Estimator::own);
  EXPECT_EQ(last.activation_estimator, Estimator::own);
  q.weight_quantizer = WeightQuantizer::twn;
  q.weight_bits = 2;
  q.first_layer = 2;
  EXPECT_EQ(layer_precision(q, "fc", LayerPosition::first).weight_quantizer, WeightQuantizer::twn);
  EXPECT_EQ(layer_precision(q, "fc", LayerPosition::last).weight_quantizer, WeightQuantizer::dorefa);
}

Phase minw_phase(const char* network, uint32_t inputs, uint32_t weights) {
  Phase phase;
  phase.network.name = network;
  QuantizationOptions& q = phase.quantization;
  q.weight_bits = q.first_layer = q.last_layer = weights;
  q.activation_bits = inputs;
  q.weight_quantizer = WeightQuantizer::threshold;
  q.activation_quantizer = ActivationQuantizer::threshold;
  q.weight_estimator = q.activation_estimator = Estimator::aqe_g1;
  q.layers = {{.pattern = "fc3", .activation_bits = inputs}};
  return phase;
}

size_t count_ops(const graph::Graph& graph, std::string_view op) {
  size_t count = 0;
  for (const graph::Node& node : graph.nodes()) count += node.op->name == op ? 1 : 0;
  return count;
}

// Nine layers: every weight quantised, every input but the image.
TEST(Minw, EveryPairOfBitsBuilds) {
  const NetInput input = {.batch = 2, .height = 32, .width = 32, .channels = 3, .classes = 10};
  for (const char* network : {"minw_a", "minw_b", "minw_c", "minw_d"}) {
    for (const uint32_t inputs : {1u, 2u, 3u, 32u}) {
      for (const uint32_t weights : {1u, 2u, 3u, 32u}) {
        SCOPED_TRACE(testing::Message() << network << " M=" << inputs << " N=" << weights);
        const Phase phase = minw_phase(network, inputs, weights);
        const auto train = make_train_graph(phase, input);
        ASSERT_TRUE(train) << train.error().to_string();
        const auto eval = make_eval_graph(phase, input);
        ASSERT_TRUE(eval) << eval.error().to_string();
        const size_t quantized = (inputs == 32 ? 0u : 8u) + (weights == 32 ? 0u : 9u);
        EXPECT_EQ(count_ops(train->graph, "estimate"), quantized);
        EXPECT_EQ(count_ops(eval->graph, "estimate"), 0u);
        EXPECT_EQ(count_ops(eval->graph, "quantize_sign") + count_ops(eval->graph, "quantize_threshold"), quantized);
        EXPECT_EQ(count_ops(train->graph, "relu"), 0u);
        ASSERT_EQ(train->parameters.size(), eval->parameters.size());
        for (size_t i = 0; i < train->parameters.size(); ++i) {
          EXPECT_EQ(train->parameters[i].name, eval->parameters[i].name);
          if (train->parameters[i].is_state) continue;
          EXPECT_TRUE(train->graph.find("gradient/" + train->parameters[i].name).is_valid())
              << train->parameters[i].name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace lowtide::trainer
