// SPDX-License-Identifier: Apache-2.0
// Learned steps in recipes, networks and at the start: keys, parameters, and starts by hand.
#include "trainer/methods/learned_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/graph/op_info.hpp"
#include "engine/ops/quantize_step/quantize_step.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {
namespace {

constexpr NetInput kGlyph = {.batch = 2, .height = 28, .width = 28, .channels = 1, .classes = 10};

Phase phase_of(WeightQuantizer weights, uint32_t weight_bits, ActivationQuantizer activations,
               uint32_t activation_bits) {
  Phase phase;
  phase.network.name = "lenet5";
  phase.quantization.weight_quantizer = weights;
  phase.quantization.weight_bits = weight_bits;
  phase.quantization.activation_quantizer = activations;
  phase.quantization.activation_bits = activation_bits;
  return phase;
}

std::map<std::string, NetParameter> steps_of(const std::vector<NetParameter>& parameters) {
  std::map<std::string, NetParameter> out;
  for (const NetParameter& parameter : parameters) {
    if (parameter.learned) out.emplace(parameter.name, parameter);
  }
  return out;
}

TEST(LearnedStepStart, WeightsByHand) {
  const std::vector<float> w = {1, -2, 3, -4};  // mean |w| 2.5; mean -0.5, squares 2.25 + 2.25 + 12.25 + 12.25
  const auto start = [&](StepQuantizer quantizer, uint32_t bits) {
    return weight_step_start({.quantizer = quantizer, .bits = bits, .latent = "w"}, w);
  };
  EXPECT_DOUBLE_EQ(start(StepQuantizer::lsq, 1), 5.0);
  EXPECT_DOUBLE_EQ(start(StepQuantizer::lsq, 2), 5.0);
  EXPECT_DOUBLE_EQ(start(StepQuantizer::lsq, 3), 5.0 / std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(start(StepQuantizer::lsq, 8), 5.0 / std::sqrt(127.0));
  EXPECT_NEAR(start(StepQuantizer::uniq, 1), 1.5958 * std::sqrt(29.0 / 3), 1e-3);
  EXPECT_NEAR(start(StepQuantizer::uniq, 4), 0.3352 * std::sqrt(29.0 / 3), 1e-3);
  EXPECT_NEAR(start(StepQuantizer::uniq, 8), 0.0308 * std::sqrt(29.0 / 3), 1e-3);
}

TEST(LearnedStepStart, ActivationsByHand) {
  EXPECT_DOUBLE_EQ(activation_step_start({.quantizer = StepQuantizer::lsq, .bits = 1}, 0.75), 1.5);
  EXPECT_DOUBLE_EQ(activation_step_start({.quantizer = StepQuantizer::lsq, .bits = 3}, 0.75), 1.5 / std::sqrt(7.0));
  EXPECT_NEAR(activation_step_start({.quantizer = StepQuantizer::uniq, .bits = 2}, 8), 4 * 0.6508, 1e-3);
  EXPECT_NEAR(activation_step_start({.quantizer = StepQuantizer::uniq, .bits = 5}, 8), 4 * 0.1055, 1e-3);
}

// The table is what it says: the step of the uniform quantiser with the least squared error of a normal variable.
TEST(LearnedStepStart, TableHasTheLeastError) {
  const auto error = [](uint32_t bits, double step, bool is_positive) {
    const double n = std::exp2(bits) - 1, lowest = is_positive ? 0 : -n / 2;
    double sum = 0;
    for (double x = is_positive ? 0 : -6; x < 6; x += 1e-3) {
      const double q = std::min(std::max(std::nearbyint(x / step - lowest), 0.0), n) + lowest;
      sum += std::exp(-x * x / 2) * (x - q * step) * (x - q * step);
    }
    return sum;
  };
  const std::vector<float> unit = {-std::sqrt(0.5f), std::sqrt(0.5f)};  // deviation 1
  for (uint32_t bits = 1; bits <= 6; ++bits) {
    const double w = weight_step_start({.quantizer = StepQuantizer::uniq, .bits = bits, .latent = "w"}, unit);
    const double x = activation_step_start({.quantizer = StepQuantizer::uniq, .bits = bits}, 0.5);
    for (const double factor : {0.97, 1.03}) {
      EXPECT_LT(error(bits, w, false), error(bits, factor * w, false)) << bits << " bits, " << factor;
      EXPECT_LT(error(bits, x, true), error(bits, factor * x, true)) << bits << " bits, " << factor;
    }
  }
}

TEST(LearnedStepNets, EveryQuantisedLayerHasItsSteps) {
  const Phase phase = phase_of(WeightQuantizer::lsq, 2, ActivationQuantizer::uniq, 3);
  const auto train = make_train_graph(phase, kGlyph);
  const auto eval = make_eval_graph(phase, kGlyph);
  ASSERT_TRUE(train && eval);
  const auto steps = steps_of(train->parameters);
  ASSERT_EQ(steps.size(), 6u);  // conv2, fc1, fc2
  for (const char* layer : {"conv2", "fc1", "fc2"}) {
    const NetParameter& w = steps.at(std::string(layer) + ".w_step");
    const NetParameter& x = steps.at(std::string(layer) + ".x_step");
    EXPECT_EQ(w.learned->latent, std::string(layer) + ".weight");
    EXPECT_EQ(w.learned->bits, 2u);
    EXPECT_EQ(x.learned->bits, 3u);
    for (const NetParameter& p : {w, x}) {
      EXPECT_EQ(p.kind, ParameterKind::step);
      EXPECT_EQ(p.hand_over, HandOver::never);
      EXPECT_TRUE(train->graph.find("gradient/" + p.name).is_valid()) << p.name;
      OptimizerOptions decayed;
      decayed.weight_decay = 0.5;
      EXPECT_EQ(attributes_of(p, decayed).weight_decay, 0.0f);
    }
  }
  ASSERT_EQ(train->parameters.size(), eval->parameters.size());
  for (size_t i = 0; i < train->parameters.size(); ++i) {
    EXPECT_EQ(train->parameters[i].name, eval->parameters[i].name);
  }
}

// LSQ section 2.2 with one image's features; uniq with all elements.
TEST(LearnedStepNets, GradientScalesAreThePapers) {
  const auto scale_of = [](const Phase& phase, const std::string& node) {
    const auto train = make_train_graph(phase, kGlyph);
    EXPECT_TRUE(train.has_value());
    for (const graph::Node& n : train->graph.nodes()) {
      if (n.name == node) return static_cast<double>(n.params<ops::QuantizeStepOpParams>().gradient_scale);
    }
    ADD_FAILURE() << "no node " << node;
    return 0.0;
  };
  const Phase lsq = phase_of(WeightQuantizer::lsq, 3, ActivationQuantizer::lsq, 2);
  const Phase uniq = phase_of(WeightQuantizer::uniq, 1, ActivationQuantizer::uniq, 2);
  EXPECT_NEAR(scale_of(lsq, "fc2/w"), 1 / std::sqrt(10080.0 * 3), 1e-9);
  EXPECT_NEAR(scale_of(lsq, "fc2/x"), 1 / std::sqrt(120.0 * 3), 1e-8);
  EXPECT_NEAR(scale_of(uniq, "fc2/w"), 1 / std::sqrt(10080.0 * 1), 1e-9);
  EXPECT_NEAR(scale_of(uniq, "fc2/x"), 1 / std::sqrt(2 * 120.0 * 3), 1e-8);
}

TEST(LearnedStepNets, PactsBoundIsDecayedUnlessExcluded) {
  const auto train = make_train_graph(phase_of(WeightQuantizer::dorefa, 2, ActivationQuantizer::pact, 2), kGlyph);
  ASSERT_TRUE(train.has_value());
  const auto steps = steps_of(train->parameters);
  ASSERT_EQ(steps.size(), 3u);
  const NetParameter& clip = steps.at("conv2.x_clip");
  EXPECT_EQ(clip.hand_over, HandOver::optional);
  OptimizerOptions options;
  options.weight_decay = 0.5;
  EXPECT_EQ(attributes_of(clip, options).weight_decay, 0.5f);
  options.weight_decay_exclude = {"clip"};
  EXPECT_EQ(attributes_of(clip, options).weight_decay, 0.0f);
}

TEST(LearnedStepRecipe, WordsWorkPerLayerToo) {
  const auto recipe = parse_recipe(R"(
[quantization]
weight_bits = 2
activation_bits = 2
weight_quantizer = "lsq"
activation_quantizer = "pact"
calibration_batches = 4
clip_start = 6
[[quantization.layers]]
pattern = "fc*"
weight_quantizer = "uniq"
activation_quantizer = "lsq"
[training]
reestimate_norm_batches = 50
)",
                                   "r.toml");
  ASSERT_TRUE(recipe.has_value()) << recipe.error().to_string();
  const QuantizationOptions& q = recipe->phases[0].quantization;
  EXPECT_EQ(q.calibration_batches, 4u);
  EXPECT_EQ(q.clip_start, 6.0);
  EXPECT_EQ(recipe->phases[0].training.reestimate_norm_batches, 50u);
  const LayerPrecision fc = layer_precision(q, "fc1", LayerPosition::inner);
  EXPECT_EQ(fc.weight_quantizer, WeightQuantizer::uniq);
  EXPECT_EQ(fc.activation_quantizer, ActivationQuantizer::lsq);
  EXPECT_EQ(*parse_recipe(recipe_text(*recipe), "written"), *recipe);
}

TEST(LearnedStepRecipe, ContinuedPhasesKeepTheirBits) {
  const auto error = [](const char* quantizers, const char* second) {
    const std::string text = std::string("[quantization]\nweight_bits = 3\nactivation_bits = 3\n") + quantizers +
                             "[[phase]]\n[[phase]]\ninitialize_from = \"continue\"\n[phase.quantization]\n" + second;
    const auto recipe = parse_recipe(text, "r.toml");
    return recipe ? std::string() : recipe.error().to_string();
  };
  constexpr const char* kLsq = "weight_quantizer = \"lsq\"\nactivation_quantizer = \"lsq\"\n";
  const auto expect = [&](const char* second, const char* sentence) {
    const std::string found = error(kLsq, second);
    EXPECT_NE(found.find(sentence), std::string::npos) << second << " -> " << found;
  };
  expect("weight_bits = 2\n", "the weights are lsq of 2 bits and were lsq of 3 bits");
  expect("activation_bits = 2\n", "the activations are lsq of 2 bits and were lsq of 3 bits");
  expect("weight_quantizer = \"uniq\"\n", "the weights are uniq of 3 bits and were lsq of 3 bits");
  expect("[[phase.quantization.layers]]\npattern = \"fc*\"\nweight_bits = 2\n",
         "the weights of layers \"fc*\" are lsq of 2 bits and were lsq of 3 bits");
  EXPECT_EQ(error(kLsq, "activation_bits = \"fp32\"\n"), "");
  EXPECT_EQ(error("activation_quantizer = \"pact\"\n", "activation_bits = 2\n"), "");
  const std::string edges = std::string(kLsq) + "last_layer = 4\n";
  const std::string last = error(edges.c_str(), "last_layer = 8\n");
  EXPECT_NE(last.find("weights of the last layer are lsq of 8 bits and were lsq of 4 bits"), std::string::npos) << last;
}

TEST(LearnedStepRecipe, RefusesBitsThatStepsDoNotHave) {
  const auto error = [](const std::string& keys) {
    const auto recipe = parse_recipe("[quantization]\nweight_bits = 2\nactivation_bits = 2\n" + keys, "r.toml");
    return recipe ? std::string() : recipe.error().to_string();
  };
  const struct {
    const char* keys;
    const char* sentence;
  } rows[] = {
      {"weight_quantizer = \"uniq\"\nfirst_layer = 16\n",
       "quantization.first_layer: weight_quantizer = \"uniq\" has 1 to 8 bits, but weight_bits is 16"},
      {"activation_quantizer = \"pact\"\nlast_layer = 16\n",
       "quantization.last_layer: activation_quantizer = \"pact\" has 1 to 8 bits, but activation_bits is 16"},
      {"weight_quantizer = \"lsq\"\n[[quantization.layers]]\npattern = \"fc*\"\nweight_bits = 16\n",
       "quantization.layers entry 0: weight_quantizer = \"lsq\" has 1 to 8 bits, but weight_bits is 16"},
      {"activation_quantizer = \"lsq\"\nactivations = \"clipped\"\n", "clips to a fixed range"},
  };
  for (const auto& row : rows) {
    const std::string found = error(row.keys);
    EXPECT_NE(found.find(row.sentence), std::string::npos) << row.keys << " -> " << found;
  }
  EXPECT_EQ(error("first_layer = 16\nlast_layer = 16\n"), "");
}

}  // namespace
}  // namespace lowtide::trainer
