// SPDX-License-Identifier: Apache-2.0
// Guided training on the CPU oracle: losses and gradients of both sides against the equations, no gradient across, two
// optimisers on their own blocks; and what a recipe must not ask for.
#include "trainer/methods/guided.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/reference/interpreter.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kBatch = 3, kClasses = 4;

Recipe guided_recipe(const std::vector<std::string>& changes) {
  constexpr const char* kText = R"(
[network]
name = "lenet5"
width = 0.5
[quantization]
weight_bits = 2
activation_bits = 2
[schedule]
rate = 0.01
[guidance]
students = [4]
teacher_optimizer = "sgd"
teacher_rate = 0.5
)";
  const Result<Recipe> recipe = parse_recipe(kText, "guided", changes);
  EXPECT_TRUE(recipe) << recipe.error().to_string();
  return recipe ? *recipe : Recipe{};
}

std::string error_of(const std::vector<std::string>& changes, std::string_view text = "") {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml", changes);
  return recipe ? std::string("no error") : recipe.error().to_string();
}

// One step on the oracle, from the seed's parameters and fixed images.
struct OracleStep {
  Recipe recipe;
  TrainGraph train;
  std::unique_ptr<reference::Interpreter> interpreter;
  std::vector<double> labels = {2, 0, 3};

  explicit OracleStep(const std::vector<std::string>& changes) : recipe(guided_recipe(changes)) {
    const Phase& phase = recipe.phases[0];
    auto made =
        make_train_graph(phase, {.batch = kBatch, .height = 14, .width = 14, .channels = 1, .classes = kClasses});
    EXPECT_TRUE(made) << made.error().to_string();
    if (!made) return;
    train = std::move(*made);
    interpreter = std::make_unique<reference::Interpreter>(train.graph);
    for (const NetParameter& parameter : train.parameters) {
      const std::vector<float> start = initial_elements(parameter, 7);
      interpreter->set(parameter.value, std::vector<double>(start.begin(), start.end()));
    }
    std::vector<double> attributes;
    for (const auto& row : train.block_attributes) {
      for (const float x : {row.weight_decay, row.latent_clip, row.rate_scale, row.is_second}) {
        attributes.push_back(static_cast<double>(x));
      }
    }
    interpreter->set(train.attributes, attributes);
    std::vector<double> images(size_t{kBatch} * 14 * 14);
    for (size_t i = 0; i < images.size(); ++i) images[i] = std::sin(0.37 * static_cast<double>(i)) * 1.3;
    interpreter->set(train.images, images);
    interpreter->set(train.labels, labels);
    interpreter->set_step(make_step_block(phase, 7, 0, {.rate = 0.01, .second_rate = 0.5}, kBatch));
    const auto status = interpreter->evaluate();
    EXPECT_TRUE(status) << status.error().to_string();
  }

  // Of the last value of that name, activations included.
  std::vector<double> at(const std::string& name) const {
    ValueId found;
    for (size_t i = 0; i < train.graph.values().size(); ++i) {
      if (train.graph.values()[i].name == name) found = ValueId(static_cast<uint32_t>(i));
    }
    EXPECT_TRUE(found.is_valid()) << name;
    if (!found.is_valid()) return {};
    const std::span<double> elements = interpreter->elements(found);
    return {elements.begin(), elements.end()};
  }
  double scalar(const std::string& name) const { return at(name)[0]; }

  // Elements of the gradients of all parameters whose names do, or do not, begin with `prefix`.
  std::vector<double> gradients(std::string_view prefix) const {
    std::vector<double> all;
    for (const NetParameter& parameter : train.parameters) {
      const bool is_own = prefix.empty() ? parameter.scope_length == 0 : parameter.name.starts_with(prefix);
      if (parameter.is_state || !is_own) continue;
      const std::vector<double> one = at("gradient/" + parameter.name);
      all.insert(all.end(), one.begin(), one.end());
    }
    EXPECT_FALSE(all.empty()) << prefix;
    return all;
  }
};

std::vector<double> softmax(const std::vector<double>& logits, size_t row, double temperature) {
  std::vector<double> p;
  for (size_t c = 0; c < kClasses; ++c) p.push_back(std::exp(logits[row * kClasses + c] / temperature));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

// T^2 KL(p || q), mean over rows.
double divergence(const std::vector<double>& target, const std::vector<double>& own, double temperature) {
  double sum = 0;
  for (size_t row = 0; row < kBatch; ++row) {
    const auto p = softmax(target, row, temperature), q = softmax(own, row, temperature);
    for (size_t c = 0; c < kClasses; ++c) sum += p[c] * std::log(p[c] / q[c]);
  }
  return temperature * temperature * sum / kBatch;
}

double mean_square(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

// d(own, other)/d(bias of own), by columns: for the divergence and for the square.
std::vector<double> bias_gradient(const OracleStep& step, const std::vector<double>& own, double task,
                                  const std::vector<std::vector<double>>& others, double match, double temperature) {
  std::vector<double> gradient(kClasses, 0.0);
  const bool is_divergence = step.recipe.phases[0].guidance.kind == GuidanceKind::mutual_kl;
  for (size_t row = 0; row < kBatch; ++row) {
    const auto p = softmax(own, row, 1);
    for (size_t c = 0; c < kClasses; ++c) {
      gradient[c] += task * (p[c] - (static_cast<double>(c) == step.labels[row] ? 1 : 0)) / kBatch;
      for (const auto& other : others) {
        const double share = match / static_cast<double>(others.size());
        const size_t i = row * kClasses + c;
        gradient[c] += is_divergence
                           ? share * temperature *
                                 (softmax(own, row, temperature)[c] - softmax(other, row, temperature)[c]) / kBatch
                           : share * 2 * (own[i] - other[i]) / (kBatch * kClasses);
      }
    }
  }
  return gradient;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST(Guided, MutualDivergenceFollowsTheEquations) {
  const OracleStep step({"guidance.kind=mutual_kl", "guidance.temperature=2"});
  const auto s = step.at("logits"), t = step.at("teacher/logits"), s2 = step.at("student2/logits");
  EXPECT_NEAR(step.scalar("match"), divergence(t, s, 2), 1e-9);
  EXPECT_NEAR(step.scalar("student2/match"), divergence(t, s2, 2), 1e-9);
  EXPECT_NEAR(step.scalar("teacher/match"), (divergence(s, t, 2) + divergence(s2, t, 2)) / 2, 1e-9);
  EXPECT_GT(std::abs(divergence(t, s, 2) - divergence(s, t, 2)), 1e-6) << "the direction would not show";
  expect_near(step.at("gradient/fc3.bias"), bias_gradient(step, s, 0.7, {t}, 0.7, 2));
  expect_near(step.at("gradient/student2/fc3.bias"), bias_gradient(step, s2, 0.7, {t}, 0.7, 2));
  expect_near(step.at("gradient/teacher/fc3.bias"), bias_gradient(step, t, 1, {s, s2}, 0.5, 2));
}

TEST(Guided, LogitSquaresFollowTheEquations) {
  const OracleStep step({"guidance.kind=logits_mse"});
  const auto s = step.at("logits"), t = step.at("teacher/logits"), s2 = step.at("student2/logits");
  EXPECT_NEAR(step.scalar("match"), mean_square(s, t), 1e-9);
  EXPECT_NEAR(step.scalar("teacher/match"), (mean_square(s, t) + mean_square(s2, t)) / 2, 1e-9);
  expect_near(step.at("gradient/fc3.bias"), bias_gradient(step, s, 0.3, {t}, 0.1, 1));
  expect_near(step.at("gradient/teacher/fc3.bias"), bias_gradient(step, t, 1, {s, s2}, 0.1, 1));
}

std::vector<double> quantized(std::vector<double> x, uint32_t bits) {
  const double top = (1u << bits) - 1;
  for (double& e : x) e = std::nearbyint(top * std::clamp(e, 0.0, 1.0)) / top;
  return x;
}

TEST(Guided, HintsQuantizeTheTeachersMapAsTheStudents) {
  const OracleStep step({"guidance.kind=hint"});
  double first = 0, second = 0, teacher = 0;
  for (const char* place : {"pool1", "pool2"}) {
    const std::string name = place;
    const auto s = step.at(name), t = step.at("teacher/" + name), s2 = step.at("student2/" + name);
    first += mean_square(quantized(s, 2), quantized(t, 2));
    second += mean_square(quantized(s2, 4), quantized(t, 4));
  }
  teacher = (first + second) / 2;
  EXPECT_NEAR(step.scalar("match"), first, 1e-6);
  EXPECT_NEAR(step.scalar("student2/match"), second, 1e-6);
  EXPECT_NEAR(step.scalar("teacher/match"), teacher, 1e-6);
  const OracleStep raw({"guidance.kind=hint", "guidance.hint_quantized=false", "guidance.hint_layers=[\"pool2\"]"});
  std::vector<double> t = raw.at("teacher/pool2");
  for (double& e : t) e = std::max(e, 0.0);  // behind the teacher's own ReLU
  EXPECT_NEAR(raw.scalar("match"), mean_square(quantized(raw.at("pool2"), 2), t), 1e-6);
}

// What the next layer sees: the branch of EXP-Net, weighed by f, is part of a student's map.
TEST(Guided, HintsSeeTheBranchesOfExpNet) {
  for (const char* merge : {"add", "subtract"}) {
    OracleStep step({"guidance.kind=hint", "guidance.hint_layers=[\"pool2\"]", "guidance.students=[]",
                     std::string("expansion.merge=") + merge});
    step.interpreter->set_step(
        make_step_block(step.recipe.phases[0], 7, 0, {.rate = 0.01, .second_rate = 0.5, .expansion = 0.5}, kBatch));
    ASSERT_TRUE(step.interpreter->evaluate());
    std::vector<double> map = quantized(step.at("pool2"), 2);
    const std::vector<double> branch = step.at("pool2/branch");
    ASSERT_EQ(branch.size(), map.size());
    const double f = std::string(merge) == "add" ? 0.5 : -0.5;
    for (size_t i = 0; i < map.size(); ++i) map[i] += f * branch[i];
    EXPECT_NEAR(step.scalar("match"), mean_square(map, quantized(step.at("teacher/pool2"), 2)), 1e-6) << merge;
  }
}

class GuidedKinds : public testing::TestWithParam<const char*> {};

// The other side's signal is the same in both steps: it comes from the parameters before the update.
TEST_P(GuidedKinds, NoGradientCrossesBetweenTheNetworks) {
  const std::string kind = std::string("guidance.kind=") + GetParam();
  const OracleStep base({kind});
  const OracleStep other_teacher({kind, "guidance.teacher_task=3", "guidance.teacher_match=5"});
  const OracleStep other_student({kind, "guidance.student_task=3", "guidance.student_match=5"});
  for (const char* student : {"", "student2/"}) {
    EXPECT_EQ(base.gradients(student), other_teacher.gradients(student)) << student;
    EXPECT_NE(base.gradients(student), other_student.gradients(student)) << student;
  }
  EXPECT_EQ(base.gradients("teacher/"), other_student.gradients("teacher/"));
  EXPECT_NE(base.gradients("teacher/"), other_teacher.gradients("teacher/"));
  // A student does not notice another one, and matching matters at all.
  const OracleStep alone({kind, "guidance.students=[]"});
  EXPECT_EQ(base.gradients(""), alone.gradients(""));
  EXPECT_NE(base.gradients(""), OracleStep({kind, "guidance.student_match=0"}).gradients(""));
  EXPECT_NE(base.gradients("teacher/"), OracleStep({kind, "guidance.teacher_match=0"}).gradients("teacher/"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, GuidedKinds, testing::Values("hint", "logits_mse", "mutual_kl"),
                         [](const auto& test) { return std::string(test.param); });

// The student steps by Adam at the first rate, the teacher by SGD at the second.
TEST(Guided, EachSideHasItsOptimizer) {
  const OracleStep step({"guidance.kind=mutual_kl"});
  const auto g = step.at("gradient/fc3.bias"), w = step.at("fc3.bias");
  const auto tg = step.at("gradient/teacher/fc3.bias"), tw = step.at("teacher/fc3.bias");
  for (size_t c = 0; c < kClasses; ++c) {
    EXPECT_NEAR(tw[c], -0.5 * tg[c], 1e-7);
    EXPECT_NEAR(w[c], g[c] > 0 ? -0.01 : 0.01, 1e-5);
  }
  EXPECT_TRUE(step.train.graph.find("moment1/fc3.bias").is_valid());
  EXPECT_TRUE(step.train.graph.find("moment1/student2/fc3.bias").is_valid());
  EXPECT_TRUE(step.train.graph.find("moment0/teacher/fc3.bias").is_valid());
  EXPECT_FALSE(step.train.graph.find("moment1/teacher/fc3.bias").is_valid());
  double square = 0;
  for (const double x : step.gradients("teacher/")) square += x * x;
  EXPECT_NEAR(step.scalar("teacher/gradient_norm"), std::sqrt(square), 1e-6 * std::sqrt(square));
}

TEST(Guided, AdamsCorrectionsMayDiffer) {
  Phase phase = guided_recipe({"guidance.kind=mutual_kl"}).phases[0];
  phase.guidance.teacher_beta1 = 0.5;
  const shaders::StepBlock block = make_step_block(phase, 1, 2, {.rate = 1, .second_rate = 0.25}, 1);
  EXPECT_EQ(block.second_rate, 0.25f);
  EXPECT_FLOAT_EQ(block.adam_correction1, 1.0f - 0.9f * 0.9f * 0.9f);
  EXPECT_FLOAT_EQ(block.second_correction1, 0.875f);
  EXPECT_EQ(make_step_block(Phase{}, 1, 2, {.rate = 1}, 1).second_rate, 0.0f);
}

TEST(Guided, PatternsDoNotSeeTheScope) {
  const OracleStep step({"guidance.kind=mutual_kl", "optimizer.weight_decay=0.5",
                         "optimizer.weight_decay_exclude=[\"teacher\", \"bias\", \"norm\"]"});
  bool has_teacher = false;
  for (const auto& row : step.train.block_attributes) {
    has_teacher = has_teacher || (row.is_second > 0.5f && row.weight_decay == 0.5f);
  }
  EXPECT_TRUE(has_teacher);
}

TEST(Guided, EveryNetworkHasPlaces) {
  for (const NetworkInfo& row : all_networks()) {
    Phase phase;
    phase.network.name = row.name;
    const auto places = network_places(phase);
    ASSERT_TRUE(places) << places.error().to_string();
    EXPECT_GE(places->size(), 2u) << row.name;
    const bool is_plain = places->front() == "pool1";
    EXPECT_TRUE(is_plain || places->front() == "stage1") << row.name << ": " << places->front();
    EXPECT_FALSE(is_plain && row.name.find("resnet") != std::string_view::npos) << row.name;
  }
}

TEST(Guided, RecipesWithGuidanceRoundTrip) {
  const Recipe recipe = guided_recipe({"guidance.kind=hint", "guidance.students=[2, [1, 2], \"fp32\"]",
                                       "guidance.hint_layers=[\"pool2\"]", "guidance.teacher_momentum=0.5"});
  const std::vector<BitPair> expected = {{2, 2}, {1, 2}, {kFloatBits, kFloatBits}};
  EXPECT_EQ(recipe.phases[0].guidance.students, expected);
  const Result<Recipe> again = parse_recipe(recipe_text(recipe), "written");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again, recipe);
}

TEST(Guided, ContradictionsNameBothSides) {
  const struct {
    std::vector<std::string> changes;
    std::vector<const char*> words;
  } rows[] = {
      {{"guidance.kind=mutual_kl", "guidance.temperature=0"}, {"guidance.temperature", "0.001"}},
      {{"guidance.kind=hint", "guidance.temperature=2"}, {"temperature", "hint"}},
      {{"guidance.kind=hint", "network.name=lenet5", "guidance.hint_layers=[\"pool3\"]"},
       {"'pool3'", "lenet5", "pool1, pool2"}},
      {{"guidance.kind=hint", "network.name=resnet20", "guidance.teacher_network=lenet5",
        "guidance.hint_layers=[\"stage2\"]"},
       {"'stage2'", "lenet5", "pool1, pool2"}},
      {{"guidance.kind=hint", "guidance.teacher_width=2"}, {"teacher_width is 2", "network.width is 1"}},
      {{"guidance.kind=hint", "guidance.student_task=0"}, {"student_task is 0", "classifier"}},
      {{"guidance.kind=logits_mse", "guidance.teacher_task=0", "guidance.teacher_match=0"}, {"teacher", "nothing"}},
      {{"guidance.kind=logits_mse", "guidance.hint_layers=[\"pool1\"]"}, {"hint_layers", "logits_mse"}},
      {{"guidance.kind=logits_mse", "guidance.teacher_milestones=[3]"}, {"teacher_milestones", "constant"}},
      {{"guidance.kind=mutual_kl", "guidance.teacher_from=network"}, {"teacher_from", "initialize_from"}},
      {{"guidance.kind=distillation"}, {"trained teacher", "previous"}},
      {{"guidance.kind=distillation", "guidance.teacher_from=fresh"}, {"trained teacher", "fresh"}},
      {{"guidance.kind=distillation", "guidance.teacher_from=a", "guidance.teacher_rate=1"},
       {"teacher_rate", "distillation"}},
      {{"guidance.kind=mutual_kl", "guidance.students=[9]"}, {"guidance.students", "found 9"}},
      {{"guidance.kind=mutual_kl", "guidance.students=[[1, 2, 3]]"}, {"guidance.students", "weight bits"}},
      {{"guidance.kind=mutual_kl", "guidance.students=[2]", "quantization.weight_quantizer=sign",
        "quantization.weight_bits=1"},
       {"guidance.students entry 0", "sign", "is 2"}},
  };
  for (const auto& row : rows) {
    const std::string error = error_of(row.changes);
    for (const char* word : row.words) EXPECT_NE(error.find(word), std::string::npos) << word << "\n" << error;
  }
  const std::string continued = error_of({}, R"(
[guidance]
kind = "mutual_kl"
[[phase]]
[[phase]]
initialize_from = "continue"
[phase.guidance]
kind = "none"
)");
  EXPECT_NE(continued.find("\"continue\" keeps all networks"), std::string::npos) << continued;
}

TEST(Guided, UnequalShapesAreASentence) {
  const Recipe recipe = guided_recipe({"guidance.kind=hint", "network.name=vgg_small", "network.width=0.25",
                                       "guidance.teacher_network=minw_b", "guidance.students=[]"});
  const auto made =
      make_train_graph(recipe.phases[0], {.batch = 2, .height = 32, .width = 32, .channels = 3, .classes = kClasses});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("of one shape"), std::string::npos) << made.error().text;
}

}  // namespace
}  // namespace lowtide::trainer
