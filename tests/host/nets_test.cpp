// SPDX-License-Identifier: Apache-2.0
// Network builders: every network of the registry becomes a training and an evaluation graph at every precision, with
// the parameter counts that the literature prints.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/graph/op_info.hpp"
#include "engine/ops/clip/clip.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {

void PrintTo(const NetworkInfo& row, std::ostream* out) {
  *out << row.name;
}

namespace {

struct Counts {
  uint64_t parameters = 0;  // trained numbers, norms and biases included
  uint64_t weights = 0;     // of convolutions and linear layers
};

Counts count(const std::vector<NetParameter>& parameters) {
  Counts counts;
  for (const NetParameter& p : parameters) {
    if (p.is_state) continue;
    counts.parameters += p.shape.element_count();
    if (p.kind == ParameterKind::weight) counts.weights += p.shape.element_count();
  }
  return counts;
}

NetInput input_for(std::string_view network) {
  const bool is_large = network == "resnet34" || network.ends_with("18");
  if (is_large) return {.batch = 2, .height = 224, .width = 224, .channels = 3, .classes = 1000};
  if (network == "svhn") return {.batch = 2, .height = 40, .width = 40, .channels = 3, .classes = 10};
  if (network == "lenet5") return {.batch = 2, .height = 28, .width = 28, .channels = 1, .classes = 10};
  return {.batch = 2, .height = 32, .width = 32, .channels = 3, .classes = 10};
}

Phase phase_for(std::string_view network, uint32_t weight_bits, uint32_t activation_bits) {
  Phase phase;
  phase.network.name = network;
  phase.quantization.weight_bits = weight_bits;
  phase.quantization.activation_bits = activation_bits;
  return phase;
}

Phase sign_phase(std::string_view network, WeightQuantizer quantizer) {
  Phase phase = phase_for(network, 1, 1);
  phase.quantization.weight_quantizer = quantizer;
  phase.quantization.activation_quantizer = ActivationQuantizer::sign;
  phase.quantization.first_layer = 1;
  phase.quantization.last_layer = 1;
  return phase;
}

size_t count_ops(const graph::Graph& graph, std::string_view op) {
  size_t count = 0;
  for (const graph::Node& node : graph.nodes()) count += node.op->name == op ? 1 : 0;
  return count;
}

class EveryNetwork : public ::testing::TestWithParam<NetworkInfo> {};

TEST_P(EveryNetwork, BuildsAtEveryPrecision) {
  const std::string name(GetParam().name);
  const NetInput input = input_for(name);
  std::vector<Phase> phases = {phase_for(name, kFloatBits, kFloatBits),
                               phase_for(name, 2, 2),
                               phase_for(name, 4, 4),
                               phase_for(name, 8, kFloatBits),
                               phase_for(name, kFloatBits, 3),
                               phase_for(name, 16, 16),
                               sign_phase(name, WeightQuantizer::sign),
                               sign_phase(name, WeightQuantizer::sign_channel)};
  phases.push_back(phase_for(name, 1, 1));
  phases.back().quantization.first_layer = phases.back().quantization.last_layer = 8;
  phases.back().quantization.weight_quantizer = WeightQuantizer::dorefa_detached;
  phases.back().network.dropout = 0.5;
  const Result<TrainGraph> full = make_train_graph(phases[0], input);
  ASSERT_TRUE(full) << full.error().to_string();
  for (const Phase& phase : phases) {
    const auto& q = phase.quantization;
    SCOPED_TRACE(testing::Message() << "W" << q.weight_bits << " A" << q.activation_bits);
    const Result<TrainGraph> train = make_train_graph(phase, input);
    ASSERT_TRUE(train) << train.error().to_string();
    const Result<EvalGraph> eval = make_eval_graph(phase, input);
    ASSERT_TRUE(eval) << eval.error().to_string();
    EXPECT_EQ(count(train->parameters).parameters, count(full->parameters).parameters);
    EXPECT_EQ(eval->graph.desc(eval->logits).shape, (Shape{input.batch, input.classes}));
    // Both graphs ask for the same parameters in the same order, so that they can share an arena.
    ASSERT_EQ(train->parameters.size(), eval->parameters.size());
    for (size_t i = 0; i < train->parameters.size(); ++i) {
      EXPECT_EQ(train->parameters[i].name, eval->parameters[i].name);
      EXPECT_EQ(train->parameters[i].shape, eval->parameters[i].shape);
      if (train->parameters[i].is_state) continue;
      // Every parameter is trained: the loss reaches it.
      EXPECT_TRUE(train->graph.find("gradient/" + train->parameters[i].name).is_valid()) << train->parameters[i].name;
    }
    EXPECT_EQ(count_ops(eval->graph, "batch_norm"), 0u);
    EXPECT_EQ(count_ops(eval->graph, "affine"),
              count_ops(train->graph, "batch_norm") + count_ops(train->graph, "batch_norm_activation"));
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, EveryNetwork, ::testing::ValuesIn(all_networks().begin(), all_networks().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Nets, APatternThatMatchesNoLayerIsRefused) {
  Phase phase = phase_for("lenet5", 2, 2);
  phase.quantization.layers = {{.pattern = "fc?", .weight_bits = 4}};
  EXPECT_TRUE(make_train_graph(phase, input_for("lenet5")));
  phase.quantization.layers.push_back({.pattern = "layer*", .weight_bits = 4});
  const auto train = make_train_graph(phase, input_for("lenet5"));
  const auto eval = make_eval_graph(phase, input_for("lenet5"));
  ASSERT_FALSE(train || eval);
  EXPECT_EQ(train.error().text,
            "quantization.layers: the pattern \"layer*\" matches no layer of lenet5; its layers are conv1, conv2, fc1, "
            "fc2, fc3");
  EXPECT_EQ(eval.error().text, train.error().text);
}

// Activations that are clipped but not rounded: [0, 1] in front of DoReFa, hard tanh in front of signs, nothing at the
// image and in front of the full-precision classifier.
TEST(Nets, ClippedActivationsHaveTheirQuantisersRange) {
  const auto clips = [](const Phase& phase) {
    std::vector<std::pair<std::string, float>> found;
    const auto eval = make_eval_graph(phase, input_for("lenet5"));
    EXPECT_TRUE(eval) << eval.error().to_string();
    for (const graph::Node& node : eval->graph.nodes()) {
      if (node.op->name == "clip") found.emplace_back(node.name, node.params<ops::ClipOpParams>().lo);
      EXPECT_NE(node.op->name, "quantize_activations");
    }
    return found;
  };
  using Clips = std::vector<std::pair<std::string, float>>;
  Phase phase = phase_for("lenet5", 2, 2);
  phase.quantization.activations = ActivationStage::clipped;
  EXPECT_EQ(clips(phase), (Clips{{"conv2/x", 0.0f}, {"fc1/x", 0.0f}, {"fc2/x", 0.0f}}));
  phase.quantization.last_layer = 8;
  EXPECT_EQ(clips(phase).back(), (Clips::value_type{"fc3/x", 0.0f}));
  phase = sign_phase("lenet5", WeightQuantizer::sign);
  phase.quantization.activations = ActivationStage::clipped;
  EXPECT_EQ(clips(phase).front(), (Clips::value_type{"conv2/x", -1.0f}));
}

TEST(Nets, CountsAreThoseOfTheLiterature) {
  const auto counts_of = [](std::string_view name) {
    const Result<TrainGraph> train = make_train_graph(phase_for(name, kFloatBits, kFloatBits), input_for(name));
    EXPECT_TRUE(train) << train.error().to_string();
    return train ? count(train->parameters) : Counts{};
  };
  // He et al. 2016, table 6 (0.27 M, 0.46 M, 0.85 M) and the usual exact counts with option A and 1000-class ResNets.
  EXPECT_EQ(counts_of("resnet20").parameters, 269722u);
  EXPECT_EQ(counts_of("resnet32").parameters, 464154u);
  EXPECT_EQ(counts_of("resnet56").parameters, 853018u);
  EXPECT_EQ(counts_of("preresnet20").parameters, 272282u);  // by hand: 0.27 M, as ResNet-20
  EXPECT_EQ(counts_of("resnet18").parameters, 11689512u);
  EXPECT_EQ(counts_of("resnet18_cifar").parameters, 11173962u);
  EXPECT_EQ(counts_of("resnet34").parameters, 21797672u);
  // As ResNet-18, with 1x1 shortcuts at the same three places: the same count.
  EXPECT_EQ(counts_of("birealnet18").parameters, 11689512u);
  // ReActNet adds four numbers for each channel of its 16 units, the first of them for each input channel.
  EXPECT_EQ(counts_of("reactnet18").parameters,
            11689512u + 3 * 4 * (64 + 128 + 256 + 512) + (4 * 64) + (64 + 3 * 128) + (128 + 3 * 256) + (256 + 3 * 512));
  // The sizes that the AQE paper prints: 1.234, 0.544, 0.309, 0.215 MiB of one-bit weights.
  EXPECT_EQ(counts_of("minw_a").weights, 10352000u);
  EXPECT_EQ(counts_of("minw_b").weights, 4562624u);
  EXPECT_EQ(counts_of("minw_c").weights, 2591424u);
  EXPECT_EQ(counts_of("minw_d").weights, 1802432u);
  // FINN's CNV: 1.54 M weights. VGG-small: 4.6 M. LeNet-5 by hand.
  EXPECT_EQ(counts_of("cnv").weights, 1542848u);
  EXPECT_EQ(counts_of("vgg_small").weights, 4574592u + 8192u * 10u);
  EXPECT_EQ(counts_of("lenet5").weights, 150u + 2400u + 48000u + 10080u + 840u);
}

TEST(Nets, FirstAndLastLayersAndPatternsFollowTheRecipe) {
  Phase phase = phase_for("lenet5", 2, 2);
  phase.quantization.layers.push_back({.pattern = "fc1", .weight_bits = 4});
  const Result<EvalGraph> eval = make_eval_graph(phase, input_for("lenet5"));
  ASSERT_TRUE(eval) << eval.error().to_string();
  std::map<std::string, LayerPrecision> layers;
  for (const NetLayer& layer : eval->layers) layers[layer.name] = layer.precision;
  EXPECT_EQ(layers.at("conv1").weight_bits, kFloatBits);
  EXPECT_EQ(layers.at("conv2").weight_bits, 2u);
  EXPECT_EQ(layers.at("conv2").activation_bits, 2u);
  EXPECT_EQ(layers.at("fc1").weight_bits, 4u);
  EXPECT_EQ(layers.at("fc3").weight_bits, kFloatBits);
  EXPECT_EQ(layers.at("fc3").activation_bits, kFloatBits);
  EXPECT_TRUE(eval->layers.front().is_image_input);
  // conv2, fc1 and fc2 see levels; conv1 the image, fc3 what ReLU gives.
  EXPECT_EQ(count_ops(eval->graph, "quantize_activations"), 3u);
  EXPECT_EQ(count_ops(eval->graph, "relu"), 1u);
}

TEST(Nets, MagnitudesReplaceEveryReluInFrontOfLevelsToo) {
  Phase phase = phase_for("svhn", 1, 2);
  phase.network.activation = HiddenActivation::magnitude;
  const Result<EvalGraph> eval = make_eval_graph(phase, input_for("svhn"));
  ASSERT_TRUE(eval) << eval.error().to_string();
  EXPECT_EQ(count_ops(eval->graph, "absolute"), 7u);  // in front of six quantised convolutions and of the classifier
  EXPECT_EQ(count_ops(eval->graph, "quantize_activations"), 6u);
  EXPECT_EQ(count_ops(eval->graph, "relu"), 0u);
  phase.network.activation = HiddenActivation::own;
  const Result<EvalGraph> own = make_eval_graph(phase, input_for("svhn"));
  ASSERT_TRUE(own) << own.error().to_string();
  EXPECT_EQ(count_ops(own->graph, "absolute"), 0u);
  EXPECT_EQ(count_ops(own->graph, "relu"), 1u);
}

TEST(Nets, BiRealShortcutsStayInFullPrecision) {
  const Result<TrainGraph> train =
      make_train_graph(sign_phase("reactnet20", WeightQuantizer::sign_channel), input_for("reactnet20"));
  ASSERT_TRUE(train) << train.error().to_string();
  size_t binary = 0;
  for (const NetLayer& layer : train->layers) {
    const bool is_shortcut = layer.name.ends_with(".down");
    EXPECT_EQ(layer.precision.weight_bits, is_shortcut ? kFloatBits : 1u) << layer.name;
    binary += layer.name.ends_with(".conv") ? 1 : 0;
  }
  EXPECT_EQ(binary, 18u);
  // Each unit: a shift in front of the sign, and two shifts and a slope behind the sum.
  EXPECT_EQ(count_ops(train->graph, "prelu"), 18u);
  EXPECT_EQ(count_ops(train->graph, "average_pool2d"), 2u);
}

// SYQ: one factor for each position of the kernel, behind signs or ternary levels; evaluation scales sums of taps.
TEST(Nets, SyqHasAFactorForEachTap) {
  for (const uint32_t bits : {1u, 2u}) {
    Phase phase = phase_for("cnv", bits, 2);
    phase.quantization.weight_quantizer = WeightQuantizer::syq;
    const Result<TrainGraph> train = make_train_graph(phase, input_for("cnv"));
    ASSERT_TRUE(train) << train.error().to_string();
    size_t factors = 0;
    for (const NetParameter& p : train->parameters) {
      if (p.kind != ParameterKind::scale) continue;
      ++factors;
      EXPECT_EQ(p.shape, p.name.ends_with(".tap_scale") ? Shape{9} : Shape{}) << p.name;
      EXPECT_TRUE(train->graph.find("gradient/" + p.name).is_valid()) << p.name;
      EXPECT_EQ(attributes_of(p, {.weight_decay = 0.1}).weight_decay, 0.0f);
    }
    EXPECT_EQ(factors, 7u);                                // five convolutions and two linear layers are quantised
    EXPECT_EQ(count_ops(train->graph, "tap_scale"), 10u);  // forward, and backward for the signs
    const Result<EvalGraph> eval = make_eval_graph(phase, input_for("cnv"));
    ASSERT_TRUE(eval) << eval.error().to_string();
    EXPECT_EQ(count_ops(eval->graph, "tap_conv2d"), 5u);
    EXPECT_EQ(count_ops(eval->graph, "tap_scale"), 0u);
  }
}

TEST(Nets, UnknownNamesAndSmallImagesAreSentences) {
  const auto unknown = make_eval_graph(phase_for("resnet21", 2, 2), input_for("resnet20"));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().text.find("resnet20"), std::string::npos) << unknown.error().text;
  EXPECT_NE(unknown.error().text.find("minw_a"), std::string::npos) << unknown.error().text;
  const auto small = make_eval_graph(phase_for("cnv", 2, 2), input_for("lenet5"));
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().text.find("28x28"), std::string::npos) << small.error().text;
}

// The smallest image that the table allows really works.
TEST_P(EveryNetwork, TakesItsSmallestImage) {
  NetInput input = input_for(GetParam().name);
  input.height = input.width = GetParam().min_image_size;
  const auto eval = make_eval_graph(phase_for(GetParam().name, 2, 2), input);
  EXPECT_TRUE(eval) << eval.error().to_string();
}

TEST(Nets, StartsDependOnSeedAndNameOnly) {
  NetParameter p = {.name = "conv1.weight", .shape = {64, 3, 3, 32}, .initializer = Initializer::kaiming};
  const std::vector<float> first = initial_elements(p, 1);
  EXPECT_EQ(first, initial_elements(p, 1));
  EXPECT_NE(first, initial_elements(p, 2));
  double square = 0;
  for (const float x : first) square += static_cast<double>(x) * static_cast<double>(x);
  EXPECT_NEAR(std::sqrt(square / static_cast<double>(first.size())), std::sqrt(2.0 / 288), 0.002);
  p.initializer = Initializer::xavier;
  const std::vector<float> uniform = initial_elements(p, 1);
  const double bound = std::sqrt(6.0 / (288 + 576));
  const auto [least, largest] = std::minmax_element(uniform.begin(), uniform.end());
  EXPECT_NEAR(static_cast<double>(*least), -bound, 0.01 * bound);
  EXPECT_NEAR(static_cast<double>(*largest), bound, 0.01 * bound);
  p.name = "conv2.weight";
  EXPECT_NE(uniform, initial_elements(p, 1));
}

TEST(TrainStep, DecayAndClippingFollowTheRecipe) {
  OptimizerOptions options;
  options.weight_decay = 0.5;
  options.latent_clip = 1.0;
  NetParameter p = {.name = "fc1.weight", .shape = {4, 4}, .kind = ParameterKind::weight, .weight_bits = 2};
  EXPECT_EQ(attributes_of(p, options).weight_decay, 0.5f);
  EXPECT_EQ(attributes_of(p, options).latent_clip, 1.0f);
  p.weight_bits = kFloatBits;
  EXPECT_EQ(attributes_of(p, options).latent_clip, 0.0f);
  p = {.name = "fc1.gamma", .shape = {4}, .kind = ParameterKind::norm};
  EXPECT_EQ(attributes_of(p, options).weight_decay, 0.0f);
  options.weight_decay_exclude = {"fc1"};
  p = {.name = "fc1.weight", .shape = {4, 4}};
  EXPECT_EQ(attributes_of(p, options).weight_decay, 0.0f);
  p.name = "fc2.weight";
  EXPECT_EQ(attributes_of(p, options).weight_decay, 0.5f);
}

TEST(TrainStep, StepBlockHoldsAdamsCorrections) {
  OptimizerOptions options;
  const shaders::StepBlock block = make_step_block(options, 0x1122334455667788u, 2, {.rate = 0.25}, 7);
  EXPECT_EQ(block.learning_rate, 0.25f);
  EXPECT_EQ(block.step, 2u);
  EXPECT_EQ(block.seed_lo, 0x55667788u);
  EXPECT_EQ(block.seed_hi, 0x11223344u);
  EXPECT_FLOAT_EQ(block.adam_correction1, 1.0f - 0.9f * 0.9f * 0.9f);
  const double beta2 = static_cast<double>(0.999f);  // as the kernel has it
  EXPECT_FLOAT_EQ(block.adam_correction2, static_cast<float>(1.0 - beta2 * beta2 * beta2));
  EXPECT_EQ(block.loss_scale, 1.0f);
  EXPECT_EQ(block.valid_count, 7u);
}

// RAdam's r by hand: zero while rho, about the number of steps at first, is at most 4; near 1 in the end.
TEST(TrainStep, StepBlockHoldsRadamsRectification) {
  OptimizerOptions options = {.name = OptimizerKind::radam};
  const auto rectification = [&](uint64_t step) {
    return make_step_block(options, 1, step, {.rate = 0.25}, 7).radam_rectification;
  };
  EXPECT_EQ(rectification(0), 0.0f);
  EXPECT_EQ(rectification(3), 0.0f);
  EXPECT_NEAR(rectification(4), 0.0173115f, 1e-7f);
  EXPECT_NEAR(rectification(99), 0.2153354f, 1e-6f);
  EXPECT_NEAR(rectification(9999), 0.9997733f, 1e-6f);
  options.beta2 = 0.6;  // the longest average is no longer than 4 steps
  EXPECT_EQ(rectification(1000), 0.0f);
}

}  // namespace
}  // namespace lowtide::trainer
