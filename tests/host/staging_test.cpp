// SPDX-License-Identifier: Apache-2.0
// Staging sections become lists of phases: each list written out, what is refused and with which sentence, and that a
// written recipe holds phases alone.
#include "trainer/methods/staging.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "trainer/loop/run.hpp"

namespace lowtide::trainer {
namespace {

constexpr const char* kBase = R"(
[quantization]
weight_bits = 2
activation_bits = 2
last_layer = 8
[optimizer]
name = "sgd"
weight_decay = 1e-4
[schedule]
rate = 0.1
[training]
epochs = 5
)";
constexpr const char* kLearned =
    "[quantization]\nweight_bits = 2\nactivation_bits = 2\nweight_quantizer = \"lsq\"\nactivation_quantizer = "
    "\"pact\"\n";
constexpr const char* kSigns = R"(
[quantization]
weight_bits = 1
activation_bits = 1
weight_quantizer = "sign_channel"
activation_quantizer = "sign"
[optimizer]
name = "sgd"
weight_decay = 1e-4
[schedule]
rate = 0.1
[training]
epochs = 5
)";

Recipe read_ok(const std::string& text) {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml");
  if (recipe) return *recipe;
  ADD_FAILURE() << recipe.error().to_string();
  return {};
}

// "NAME | from | W bits/stage A bits/stage | epochs at rate": what a method decides.
std::string line_of(const Phase& phase) {
  const QuantizationOptions& q = phase.quantization;
  return fmt::format("{} | {} | W{} {} {} A{} {} {} | {} at {}", phase.name, phase.initialize_from, q.weight_bits,
                     to_string(q.weight_quantizer), to_string(q.weights), q.activation_bits,
                     to_string(q.activation_quantizer), to_string(q.activations), phase.training.epochs,
                     phase.schedule.rate);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const Phase& phase : read_ok(text).phases) lines.push_back(line_of(phase));
  return lines;
}

using Lines = std::vector<std::string>;

TEST(TwoStage, WeightsThenBoth) {
  EXPECT_EQ(lines_of(std::string(kBase) + "[two_stage]\nfirst_epochs = 3\nfirst_rate = 0.2\n"),
            (Lines{"stage 1: weights | fresh | W2 dorefa quantized A2 dorefa clipped | 3 at 0.2",
                   "stage 2: both | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1"}));
  EXPECT_EQ(lines_of(std::string(kBase) + "[two_stage]\nstage1_activation = \"plain\"\ninitialize_from = \"a/b\"\n")[0],
            "stage 1: weights | a/b | W2 dorefa quantized A2 dorefa full_precision | 5 at 0.1");
  EXPECT_EQ(lines_of(std::string(kBase) + "[two_stage]\norder = \"activations_first\"\n"),
            (Lines{"stage 1: activations | fresh | W2 dorefa full_precision A2 dorefa quantized | 5 at 0.1",
                   "stage 2: both | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1"}));
}

// In stage 1 every layer's activations are off, the classifier's 8 bits and a pattern's too; weights stay.
TEST(TwoStage, ReachesEveryLayer) {
  const Recipe r = read_ok(std::string(kBase) + R"(
[[quantization.layers]]
pattern = "conv2"
activation_bits = 4
[two_stage]
)");
  const QuantizationOptions& first = r.phases[0].quantization;
  const auto last = layer_precision(first, "fc", LayerPosition::last);
  EXPECT_EQ(last.weight_bits, 8u);
  EXPECT_EQ(last.activation_bits, kFloatBits);
  EXPECT_TRUE(last.is_clipped);
  const auto inner = layer_precision(first, "conv2", LayerPosition::inner);
  EXPECT_EQ(inner.activation_bits, kFloatBits);
  EXPECT_TRUE(inner.is_clipped);
  EXPECT_FALSE(layer_precision(first, "conv1", LayerPosition::first).is_clipped);
  EXPECT_EQ(layer_precision(r.phases[1].quantization, "conv2", LayerPosition::inner).activation_bits, 4u);
}

TEST(Progressive, FallsStepByStep) {
  EXPECT_EQ(lines_of(std::string(kBase) + "[progressive]\nepochs = [9, 1, 2, 3, 4]\n"),
            (Lines{"full precision | fresh | W2 dorefa full_precision A2 dorefa full_precision | 9 at 0.1",
                   "16 bits | previous | W16 dorefa quantized A16 dorefa quantized | 1 at 0.1",
                   "8 bits | previous | W8 dorefa quantized A8 dorefa quantized | 2 at 0.1",
                   "4 bits | previous | W4 dorefa quantized A4 dorefa quantized | 3 at 0.1",
                   "2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 4 at 0.1"}));
  EXPECT_EQ(lines_of(std::string(kBase) +
                     "[progressive]\nbits = [\"fp32\", 2]\napply = \"weights\"\nepochs = 7\nrates = [0.5, 0.25]\n"),
            (Lines{"full precision | fresh | W2 dorefa full_precision A2 dorefa quantized | 7 at 0.5",
                   "2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 7 at 0.25"}));
  EXPECT_EQ(lines_of(std::string(kBase) + "[progressive]\nbits = [8, 2]\napply = \"activations\"\n"),
            (Lines{"8 bits | fresh | W2 dorefa quantized A8 dorefa quantized | 5 at 0.1",
                   "2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1"}));
}

// DoReFa's activations and signs have other statistics: batch norm is re-estimated where one takes over from the other.
TEST(Cyclic, ReestimatesNormsWhereActivationsChange) {
  const std::string signs =
      "[quantization]\nweight_bits = 1\nactivation_bits = 1\nweight_quantizer = \"sign\"\n"
      "activation_quantizer = \"sign\"\n";
  const std::string chain = "[cyclic]\nbits = [2, 1]\ncycles = 2\n";
  const Recipe r = read_ok(signs + chain);
  std::vector<uint32_t> batches;
  for (const Phase& phase : r.phases) batches.push_back(phase.training.reestimate_norm_batches);
  EXPECT_EQ(batches, (std::vector<uint32_t>{0, 0, 100, 100, 0, 100}));  // full, 2, 1, full, 2, 1
  const Recipe own = read_ok("[training]\nreestimate_norm_batches = 7\n" + signs + chain);
  for (const Phase& phase : own.phases) EXPECT_EQ(phase.training.reestimate_norm_batches, 7u);
}

// Where the target's quantiser, estimator, blend or expansion has no meaning in a step, the step is plain.
TEST(Progressive, LeavesOutWhatAStepCannotHave) {
  const Recipe r = read_ok(R"([quantization]
weight_bits = 2
activation_bits = 2
weight_quantizer = "threshold"
activation_quantizer = "threshold"
weight_estimator = "aqe_g2"
[blend]
from = 0.6
[expansion]
merge = "add"
fraction = 1
[progressive]
bits = [32, 8, 4, 2]
)");
  ASSERT_EQ(r.phases.size(), 4u);
  const std::vector<bool> has_thresholds = {false, false, true, true};
  for (size_t i = 0; i < r.phases.size(); ++i) {
    const Phase& phase = r.phases[i];
    EXPECT_EQ(phase.quantization.weight_quantizer == WeightQuantizer::threshold, has_thresholds[i]) << i;
    EXPECT_EQ(phase.quantization.weight_estimator == Estimator::aqe_g2, has_thresholds[i]) << i;
    EXPECT_EQ(phase.blend != BlendOptions{}, has_thresholds[i]) << i;
    EXPECT_EQ(phase.expansion.merge == ExpansionMerge::add, i > 0) << i;
  }
}

TEST(Progressive, StagesAtTheLastStepOrAtEvery) {
  const std::string text = std::string(kBase) + "[two_stage]\nfirst_epochs = 1\n[progressive]\nbits = [32, 4, 2]\n";
  EXPECT_EQ(lines_of(text),
            (Lines{"full precision | fresh | W2 dorefa full_precision A2 dorefa full_precision | 5 at 0.1",
                   "4 bits | previous | W4 dorefa quantized A4 dorefa quantized | 5 at 0.1",
                   "2 bits, stage 1: weights | previous | W2 dorefa quantized A2 dorefa clipped | 1 at 0.1",
                   "2 bits, stage 2: both | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1"}));
  EXPECT_EQ(lines_of(text + "two_stage = \"every\"\n"),
            (Lines{"full precision | fresh | W2 dorefa full_precision A2 dorefa full_precision | 5 at 0.1",
                   "4 bits, stage 1: weights | previous | W4 dorefa quantized A4 dorefa clipped | 1 at 0.1",
                   "4 bits, stage 2: both | previous | W4 dorefa quantized A4 dorefa quantized | 5 at 0.1",
                   "2 bits, stage 1: weights | previous | W2 dorefa quantized A2 dorefa clipped | 1 at 0.1",
                   "2 bits, stage 2: both | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1"}));
}

TEST(Cyclic, GoesDownAndBackToFullPrecision) {
  const Recipe r = read_ok(std::string(kSigns) + R"([cyclic]
bits = [3, 2, 1]
cycles = 2
epochs = [1, 2, 3]
rates = 0.02
accurate_epochs = 4
accurate_rate = 0.05
pretrain_epochs = 6
)");
  Lines lines;
  for (const Phase& phase : r.phases) lines.push_back(line_of(phase));
  EXPECT_EQ(
      lines,
      (Lines{"full precision | fresh | W3 dorefa full_precision A3 dorefa full_precision | 6 at 0.1",
             "cycle 1, 3 bits | previous | W3 dorefa quantized A3 dorefa quantized | 1 at 0.02",
             "cycle 1, 2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 2 at 0.02",
             "cycle 1, 1 bit | previous | W1 sign_channel quantized A1 sign quantized | 3 at 0.02",
             "cycle 2, full precision (accurate) | previous | W3 dorefa full_precision A3 dorefa full_precision | 4 at "
             "0.05",
             "cycle 2, 3 bits | previous | W3 dorefa quantized A3 dorefa quantized | 1 at 0.02",
             "cycle 2, 2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 2 at 0.02",
             "cycle 2, 1 bit | previous | W1 sign_channel quantized A1 sign quantized | 3 at 0.02"}));
  // Every 1-bit phase competes for the best, and nothing else; its weights do not decay.
  for (const Phase& phase : r.phases) {
    const bool has_one_bit = phase.quantization.weight_bits == 1;
    EXPECT_EQ(is_target(r, phase), has_one_bit) << phase.name;
    EXPECT_EQ(phase.optimizer.weight_decay, has_one_bit ? 0 : 1e-4) << phase.name;
  }
  EXPECT_EQ(r.phases[0].cycle, 0u);
  EXPECT_EQ(r.phases[3].cycle, 1u);
  EXPECT_EQ(r.phases[4].cycle, 2u);
}

TEST(Cyclic, MayGoRoundWithTheNextHigherBits) {
  EXPECT_EQ(
      lines_of(std::string(kSigns) +
               "[cyclic]\nbits = [2, 1]\ncycles = 2\nhead = \"next_bit\"\npretrained = \"full.safetensors\"\n"),
      (Lines{"cycle 1, 2 bits | full.safetensors | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1",
             "cycle 2, full precision (accurate) | previous | W2 dorefa full_precision A2 dorefa full_precision | "
             "5 at 0.1",
             "cycle 2, 2 bits | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1",
             "cycle 1, 1 bit | previous | W1 sign_channel quantized A1 sign quantized | 5 at 0.1",
             "cycle 2, 2 bits (accurate) | previous | W2 dorefa quantized A2 dorefa quantized | 5 at 0.1",
             "cycle 2, 1 bit | previous | W1 sign_channel quantized A1 sign quantized | 5 at 0.1"}));
}

// The control trains as long as the chain, from the same start.
TEST(Cyclic, OneStepHasTheEpochsOfTheChain) {
  for (const char* head : {"full_precision", "next_bit"}) {
    const std::string text =
        std::string(kSigns) +
        fmt::format("[cyclic]\nbits = [4, 2, 1]\ncycles = 3\nepochs = [1, 2, 3]\naccurate_epochs = 7\nhead = \"{}\"\n",
                    head);
    const Recipe chain = read_ok(text), control = read_ok(text + "one_step = true\n");
    const auto total = [](const Recipe& recipe) {
      uint32_t epochs = 0;
      for (const Phase& phase : recipe.phases) epochs += phase.training.epochs;
      return epochs;
    };
    EXPECT_EQ(total(control), total(chain)) << head;
    ASSERT_EQ(control.phases.size(), 2u);
    EXPECT_EQ(control.phases[0], chain.phases[0]);
    EXPECT_EQ(control.phases[1].quantization, chain.phases.back().quantization);
    EXPECT_EQ(control.phases[1].name, "one step, 1 bit");
    EXPECT_EQ(control.phases[1].optimizer.weight_decay, 0);
  }
}

// Only phases are left after reading: what is written names no method and reads back to the same phases.
TEST(Staging, IsGoneWhenWritten) {
  for (const std::string& text :
       {std::string(kBase) + "[two_stage]\n", std::string(kBase) + "[two_stage]\n[progressive]\n",
        std::string(kSigns) + "[cyclic]\n"}) {
    const Recipe recipe = read_ok(text);
    const std::string written = recipe_text(recipe);
    EXPECT_EQ(written.find("[two_stage]"), std::string::npos);
    EXPECT_EQ(written.find("[progressive]"), std::string::npos);
    EXPECT_EQ(written.find("[cyclic]"), std::string::npos);
    EXPECT_EQ(read_ok(written), recipe) << written;
    // The last phase is the network of [quantization].
    const QuantizationOptions target =
        read_ok(text.substr(0, text.find("[two_stage]") == std::string::npos ? text.find("[cyclic]")
                                                                             : text.find("[two_stage]")))
            .phases[0]
            .quantization;
    EXPECT_EQ(recipe.phases.back().quantization, target);
  }
}

TEST(Staging, SectionsEqualToTheTopAreNotRepeated) {
  const std::string written = recipe_text(read_ok(std::string(kBase) + "[two_stage]\n"));
  EXPECT_EQ(written.find("[phase.network]"), std::string::npos) << written;
  EXPECT_NE(written.find("[phase.quantization]"), std::string::npos) << written;
}

TEST(Staging, RefusalsNameBothSides) {
  struct Refusal {
    const char* base;
    const char* text;
    const char* expected;
  };
  const Refusal refusals[] = {
      {kBase, "[progressive]\n[cyclic]\n", "[progressive] and [cyclic] both claim the sequence of bits"},
      {kBase, "[two_stage]\n[cyclic]\n", "[cyclic] lowers weights and activations together, [two_stage]"},
      {kBase, "[two_stage]\n[[phase]]\n", "[two_stage] makes the list of phases, and [[phase]] writes one out"},
      {kBase, "[progressive]\n[[phase]]\n", "[progressive] makes the list of phases, and [[phase]]"},
      {kBase, "[progressive]\nbits = [4, 8, 2]\n", "progressive.bits must fall from entry to entry, but 8 follows 4"},
      {kBase, "[progressive]\nbits = [8, 2, 2]\n", "progressive.bits must fall from entry to entry, but 2 follows 2"},
      {kBase, "[progressive]\nbits = []\n", "progressive.bits is empty"},
      {kBase, "[progressive]\nbits = [9, 2]\n", "progressive.bits: expected bits: 1 to 8, 16"},
      {kBase, "[progressive]\nbits = [8, 4]\n", "progressive.bits ends at 4, but quantization.weight_bits is 2"},
      {kBase, "[progressive]\nbits = [8, 4]\napply = \"activations\"\n", "but quantization.activation_bits is 2"},
      {kBase, "[progressive]\nepochs = [1, 2]\n", "progressive.epochs has 2 entries and progressive.bits has 5"},
      {kBase, "[progressive]\nrates = [1, 2]\n", "progressive.rates has 2 entries and progressive.bits has 5"},
      {kBase, "[progressive]\nepochs = [1, 0, 1, 1, 1]\n", "progressive.epochs: expected a whole number from 1"},
      {kBase, "[progressive]\nepochs = \"many\"\n", "progressive.epochs: expected a whole number from 1"},
      {kBase, "[progressive]\ntwo_stage = \"last\"\n", "there is no [two_stage] section"},
      {kBase, "[two_stage]\n[progressive]\ntwo_stage = \"none\"\n", "[two_stage] section contradict each other"},
      {kBase, "[two_stage]\ninitialize_from = \"a\"\n[progressive]\n", "say it in progressive.initialize_from"},
      {kBase, "[progressive]\ninitialize_from = \"previous\"\n", "the first step has no phase before it"},
      {kBase, "[two_stage]\ninitialize_from = \"continue\"\n", "stage 1 has no phase before it"},
      {kBase, "[two_stage]\nfirst_epochs = 0\n", "two_stage.first_epochs: expected a whole number from 1"},
      {kBase, "[two_stage]\norder = \"activations_first\"\nstage1_activation = \"clip\"\n",
       "two_stage.stage1_activation is for order = \"weights_first\""},
      {"[quantization]\nweight_bits = 2\n", "[two_stage]\n", "quantization.activation_bits is fp32"},
      {"[quantization]\nactivation_bits = 2\n", "[two_stage]\n", "quantization.weight_bits is fp32"},
      {"[quantization]\nweight_bits = 2\nactivation_bits = 2\nactivations = \"clipped\"\n", "[two_stage]\n",
       "and so does quantization.activations = \"clipped\""},
      {"[quantization]\nweight_bits = 2\nactivation_bits = 2\nweights = \"full_precision\"\n", "[progressive]\n",
       "and so does quantization.weights = \"full_precision\""},
      {"[quantization]\nweight_bits = 2\nactivation_bits = 2\n[schedule]\ntotal_epochs = 99\n", "[progressive]\n",
       "[progressive] runs [schedule] from its beginning in each phase"},
      {kSigns, "[cyclic]\ncycles = 0\n", "cyclic.cycles: expected a whole number from 1"},
      {kSigns, "[cyclic]\nbits = [1, 2]\n", "cyclic.bits must fall from entry to entry, but 2 follows 1"},
      {kSigns, "[cyclic]\nbits = [32, 1]\n", "cyclic.bits lists quantised networks, but holds 32"},
      {kSigns, "[cyclic]\nbits = [4, 2]\n", "cyclic.bits ends at 2, but quantization.weight_bits is 1"},
      {kSigns, "[cyclic]\npretrained = \"a\"\npretrain_epochs = 3\n", "is trained already, but cyclic.pretrain_epochs"},
      {kSigns, "[cyclic]\npretrained = \"fresh\"\n", "cyclic.pretrained is the path of a checkpoint"},
      {"", "[quantization]\nactivations = \"clipped\"\n", "clips what would be quantised, but activation_bits"},
      {"", "[cyclic]\nbit = 1\n", "the nearest known key is cyclic.bits"},
      {"", "[progresive]\n", "the nearest known section is progressive"},
  };
  for (const Refusal& refusal : refusals) {
    const Result<Recipe> recipe = parse_recipe(std::string(refusal.base) + refusal.text, "r.toml");
    ASSERT_FALSE(recipe) << refusal.text;
    const std::string error = recipe.error().to_string();
    EXPECT_NE(error.find(refusal.expected), std::string::npos) << refusal.text << "\n -> " << error;
  }
}

// Where there is no range before stage 2 learns one, stage 1 has the network's own activation.
TEST(Staging, LearnedRangesAreNotClippedBefore) {
  const Recipe learned = read_ok(std::string(kLearned) + "[two_stage]\n");
  EXPECT_EQ(learned.phases[0].quantization.activations, ActivationStage::full_precision);
  const Recipe fixed = read_ok(std::string(kBase) + "[two_stage]\n");
  EXPECT_EQ(fixed.phases[0].quantization.activations, ActivationStage::clipped);
  const std::string layer = "[two_stage]\n[[quantization.layers]]\npattern = \"fc*\"\nactivation_quantizer = \"lsq\"\n";
  EXPECT_EQ(read_ok(std::string(kBase) + layer).phases[0].quantization.activations, ActivationStage::full_precision);
}

TEST(Staging, LearnedStepsHaveNoWideBitsAndNoFixedRange) {
  const std::pair<const char*, const char*> refusals[] = {
      {"[progressive]\nbits = [16, 8, 2]\n",
       "progressive.bits lists 16, but quantization.weight_quantizer = \"lsq\" learns steps of 1 to 8 bits"},
      {"[progressive]\nbits = [16, 2]\napply = \"activations\"\n",
       "progressive.bits lists 16, but quantization.activation_quantizer = \"pact\" learns steps of 1 to 8 bits"},
      {"[cyclic]\nbits = [16, 2]\n", "cyclic.bits lists 16, but quantization.weight_quantizer = \"lsq\""},
      {"[two_stage]\nstage1_activation = \"clip\"\n", "two_stage.stage1_activation = \"clip\" clips to [0, 1]"},
  };
  for (const auto& [text, expected] : refusals) {
    const Result<Recipe> recipe = parse_recipe(std::string(kLearned) + text, "r.toml");
    ASSERT_FALSE(recipe) << text;
    EXPECT_NE(recipe.error().to_string().find(expected), std::string::npos) << recipe.error().to_string();
  }
}

TEST(Staging, TheBestIsSaidWithItsPhase) {
  const Recipe r = read_ok(std::string(kBase) + "[progressive]\nbits = [32, 2]\nepochs = [3, 4]\n");
  EXPECT_EQ(best_text(r, {.best_accuracy = 0.5, .best_epoch = 5}),
            "best test accuracy of the target network: 50.00 % after epoch 2 of phase 2/2 2 bits");
  EXPECT_EQ(best_text(r, {}), "best test accuracy of the target network: no epoch of it was done yet");
  EXPECT_EQ(best_text(read_ok(kBase), {.best_accuracy = 0.25, .best_epoch = 3}),
            "best test accuracy: 25.00 % after epoch 3");
}

}  // namespace
}  // namespace lowtide::trainer
