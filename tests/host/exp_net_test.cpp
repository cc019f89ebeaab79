// SPDX-License-Identifier: Apache-2.0
// EXP-Net without a device: the factor's ends, the split of phases, the branches of a graph, the refusals.
#include "trainer/methods/exp_net.hpp"

#include <gtest/gtest.h>

#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {
namespace {

Recipe read(const std::string& text) {
  const Result<Recipe> recipe = parse_recipe(text, "exp");
  EXPECT_TRUE(recipe) << recipe.error().to_string();
  return recipe ? *recipe : Recipe{};
}

std::string expanded(const std::string& network, const std::string& merge, const std::string& more = "") {
  return "[network]\nname = \"" + network + "\"\n[quantization]\nweight_bits = 1\nactivation_bits = 2\n" +
         "[training]\nepochs = 10\n[expansion]\nmerge = \"" + merge + "\"\n" + more;
}

constexpr NetInput kInput = {.batch = 2, .height = 32, .width = 32, .channels = 3, .classes = 10};

size_t count_parameters(const TrainGraph& train, std::string_view word) {
  size_t count = 0;
  for (const NetParameter& p : train.parameters) count += p.name.find(word) != std::string::npos ? 1 : 0;
  return count;
}

TEST(ExpNet, TheFactorRunsFromOneToZero) {
  constexpr uint64_t kSteps = 7;  // of an epoch
  for (const ExpansionSchedule schedule :
       {ExpansionSchedule::half_cosine, ExpansionSchedule::halving, ExpansionSchedule::linear}) {
    Phase phase;
    phase.training.epochs = 100;
    phase.expansion = {.merge = ExpansionMerge::add, .schedule = schedule, .fraction = 0.8};
    SCOPED_TRACE(to_string(schedule));
    EXPECT_EQ(expansion_at(phase, kSteps, 0), 1.0);
    double before = 1;
    for (uint64_t step = 0; step < 80 * kSteps; ++step) {
      const double f = expansion_at(phase, kSteps, step);
      EXPECT_LE(f, before);
      before = f;
    }
    EXPECT_GT(before, 0.0);
    EXPECT_LT(before, 0.02);
    EXPECT_EQ(expansion_at(phase, kSteps, 80 * kSteps), 0.0);
    EXPECT_EQ(expansion_at(phase, kSteps, 100 * kSteps), 0.0);
    phase.expansion.merge = ExpansionMerge::none;
    EXPECT_EQ(expansion_at(phase, kSteps, 0), 0.0);
  }
}

TEST(ExpNet, FactorsEqualTheFormulas) {
  Phase phase;
  phase.training.epochs = 100;
  phase.expansion = {.merge = ExpansionMerge::add, .fraction = 0.8};
  EXPECT_NEAR(expansion_at(phase, 10, 400), 0.5, 1e-12);                 // half of the half cosine
  EXPECT_NEAR(expansion_at(phase, 10, 200), 0.8535533905932737, 1e-12);  // (1 + cos(pi / 4)) / 2
  // The staircase of the authors' second script: halved every 4 epochs of 100, 0 from epoch 40.
  phase.expansion = {.merge = ExpansionMerge::add, .schedule = ExpansionSchedule::halving, .fraction = 0.4};
  EXPECT_EQ(expansion_at(phase, 10, 39), 1.0);
  EXPECT_EQ(expansion_at(phase, 10, 40), 0.5);
  EXPECT_EQ(expansion_at(phase, 10, 399), 1.0 / 512);
  EXPECT_EQ(expansion_at(phase, 10, 400), 0.0);
}

TEST(ExpNet, APhaseIsSplitWhereTheFactorEnds) {
  const Recipe recipe = read(expanded("lenet5", "add", "fraction = 0.7\n"));
  ASSERT_EQ(recipe.phases.size(), 2u);
  const Phase &branch = recipe.phases[0], &plain = recipe.phases[1];
  EXPECT_EQ(branch.training.epochs, 7u);
  EXPECT_EQ(branch.schedule.total_epochs, 10u);
  EXPECT_EQ(plain.training.epochs, 3u);
  EXPECT_EQ(plain.initialize_from, "continue");
  EXPECT_EQ(plain.schedule.first_epoch, 7u);
  EXPECT_EQ(plain.schedule.total_epochs, 10u);
  EXPECT_EQ(plain.expansion.merge, ExpansionMerge::none);
  EXPECT_EQ(read(recipe_text(recipe)), recipe) << recipe_text(recipe);
  EXPECT_EQ(read(expanded("lenet5", "add", "fraction = 1.0\n")).phases.size(), 1u);
}

TEST(ExpNet, BranchesGrowBesideQuantisedConvolutionsWhileTraining) {
  const Phase plain = read(expanded("cnv", "none")).phases[0];
  const auto without = make_train_graph(plain, kInput);
  ASSERT_TRUE(without);
  for (const char* merge : {"add", "subtract", "concatenate"}) {
    SCOPED_TRACE(merge);
    const Recipe recipe = read(expanded("cnv", merge));
    const auto train = make_train_graph(recipe.phases[0], kInput);
    ASSERT_TRUE(train) << train.error().to_string();
    // conv2 .. conv6: a weight, two norm parameters, two running values each.
    EXPECT_EQ(count_parameters(*train, ".ancillary.weight"), 5u);
    EXPECT_EQ(count_parameters(*train, ".ancillary."), std::string(merge) == "concatenate" ? 29u : 25u);
    for (const NetParameter& p : train->parameters) {
      const bool is_branch =
          p.name.find(".ancillary") != std::string::npos || p.name.find(".expanded") != std::string::npos;
      EXPECT_EQ(p.hand_over, is_branch ? HandOver::optional : HandOver::required) << p.name;
      if (p.is_state) continue;
      EXPECT_TRUE(train->graph.find("gradient/" + p.name).is_valid()) << p.name;
    }
    const auto eval = make_eval_graph(recipe.phases[0], kInput);
    ASSERT_TRUE(eval) << eval.error().to_string();
    EXPECT_EQ(eval->parameters.size(), without->parameters.size());
    const auto rest = make_train_graph(recipe.phases[1], kInput);
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(rest->parameters.size(), without->parameters.size());
  }
}

TEST(ExpNet, ShortcutsAddTheirBranches) {
  for (const char* network : {"resnet20", "resnet18"}) {
    const auto train = make_train_graph(read(expanded(network, "add")).phases[0], kInput);
    ASSERT_TRUE(train) << train.error().to_string();
    EXPECT_EQ(count_parameters(*train, ".ancillary.weight"), std::string(network) == "resnet20" ? 18u : 19u);
  }
  const auto refused = make_train_graph(read(expanded("resnet20", "concatenate")).phases[0], kInput);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("concatenate"), std::string::npos) << refused.error().text;
  EXPECT_NE(refused.error().text.find("resnet20"), std::string::npos) << refused.error().text;
}

TEST(ExpNet, ContradictionsAreSentences) {
  const auto full = parse_recipe("[expansion]\nmerge = \"add\"\n", "exp");
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().text.find("weight_bits"), std::string::npos) << full.error().text;
  EXPECT_NE(full.error().text.find("expansion.merge"), std::string::npos) << full.error().text;
  const auto late = parse_recipe(expanded("lenet5", "add", "epochs = 11\n"), "exp");
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().text.find("longer than training.epochs = 10"), std::string::npos) << late.error().text;
}

}  // namespace
}  // namespace lowtide::trainer
