// SPDX-License-Identifier: Apache-2.0
// Guided training and distillation on a device: the whole step against the oracle, one submit and nothing made in
// steady state, resuming, hand-over, a teacher that stays as it is, and the student's export.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/reference/interpreter.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/glyphs.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

// Students of 2 and 4 bits that train by Adam, a teacher that trains by SGD.
Recipe guided_recipe(std::vector<std::string> changes) {
  std::vector<std::string> all = {"guidance.students=[4]", "guidance.teacher_optimizer=sgd",
                                  "guidance.teacher_rate=0.05", "training.epochs=2"};
  all.insert(all.end(), changes.begin(), changes.end());
  return small_recipe(all);
}

RunSummary train(const Recipe& recipe, const RunFolder& folder) {
  const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
  EXPECT_TRUE(summary) << summary.error().to_string();
  return summary ? *summary : RunSummary{};
}

std::function<bool()> stop_at(int times) {
  return [count = std::make_shared<int>(0), times] { return ++*count > times; };
}

// A stepper on fresh networks, and one batch of glyphs.
struct GuidedBatch {
  static constexpr uint32_t kBatch = 16;
  Dataset dataset = make_glyphs({.seed = 3, .train_count = kBatch, .test_count = 1});
  std::vector<float> images;
  Recipe recipe;
  std::vector<NamedTensor> start;
  std::unique_ptr<Stepper> stepper;

  explicit GuidedBatch(const std::vector<std::string>& changes) : recipe(guided_recipe(changes)) {
    for (const uint8_t pixel : dataset.train.pixels) images.push_back((pixel / 255.0f - 0.2f) / 0.3f);
    auto graph = make_train_graph(recipe.phases[0], net_input(dataset, kBatch));
    EXPECT_TRUE(graph) << graph.error().to_string();
    if (!graph) return;
    auto made = Stepper::create(harness::test_context(), std::move(*graph), {});
    EXPECT_TRUE(made) << made.error().to_string();
    if (!made) return;
    const TrainGraph& t = (*made)->train();
    start = initial_tensors(t.graph, t.parameters, recipe.seed);
    EXPECT_TRUE(write_persistent(t.graph, (*made)->executor(), start));
    stepper = std::move(*made);
  }

  shaders::StepBlock block(uint64_t step) const {
    return make_step_block(recipe.phases[0], recipe.seed, step, {.rate = 0.003, .second_rate = 0.05}, kBatch);
  }
  StepMetrics run(uint64_t step) {
    EXPECT_TRUE(stepper->submit({.images = images, .labels = dataset.train.labels, .valid = kBatch}, block(step)));
    const auto metrics = stepper->finish();
    EXPECT_TRUE(metrics) << metrics.error().to_string();
    return metrics ? *metrics : StepMetrics{};
  }
};

class GuidedStep : public testing::TestWithParam<const char*> {};

// The first step of the device against the oracle: losses, norms, gradients and parameters of all three networks.
TEST_P(GuidedStep, EqualsTheReference) {
  GuidedBatch batch({std::string("guidance.kind=") + GetParam()});
  ASSERT_NE(batch.stepper, nullptr);
  const TrainGraph& t = batch.stepper->train();
  reference::Interpreter oracle(t.graph);
  for (const NamedTensor& tensor : batch.start) oracle.set(t.graph.find(tensor.name), elements_of(tensor));
  std::vector<double> attributes;
  for (const auto& row : t.block_attributes) {
    for (const float x : {row.weight_decay, row.latent_clip, row.rate_scale, row.is_second}) {
      attributes.push_back(static_cast<double>(x));
    }
  }
  oracle.set(t.attributes, attributes);
  oracle.set(t.images, std::vector<double>(batch.images.begin(), batch.images.end()));
  oracle.set(t.labels, std::vector<double>(batch.dataset.train.labels.begin(), batch.dataset.train.labels.end()));
  oracle.set_step(batch.block(0));
  ASSERT_TRUE(oracle.evaluate());

  const StepMetrics metrics = batch.run(0);
  ASSERT_EQ(metrics.others.size(), 2u);
  for (size_t i = 0; i < t.networks.size(); ++i) {
    const NetMetrics& found = i == 0 ? metrics : metrics.others[i - 1];
    const auto expected = [&](ValueId id) { return oracle.elements(id)[0]; };
    const TrainNetwork& network = t.networks[i];
    EXPECT_NEAR(static_cast<double>(found.loss), expected(network.loss), 1e-3 * expected(network.loss));
    EXPECT_NEAR(static_cast<double>(found.match), expected(network.match), 1e-2 * expected(network.match));
    EXPECT_NEAR(static_cast<double>(found.gradient_norm), expected(network.norm), 1e-2 * expected(network.norm));
    EXPECT_EQ(static_cast<double>(found.correct), expected(network.correct));
  }
  for (const NetParameter& parameter : t.parameters) {
    if (parameter.is_state) continue;
    const ValueId gradient = t.graph.find("gradient/" + parameter.name);
    std::vector<float> found(parameter.shape.element_count());
    ASSERT_TRUE(batch.stepper->executor().read(gradient, std::as_writable_bytes(std::span(found))));
    const std::span<const double> wanted = oracle.elements(gradient);
    double error = 0, power = 0;
    for (size_t j = 0; j < found.size(); ++j) {
      error += std::pow(static_cast<double>(found[j]) - wanted[j], 2);
      power += wanted[j] * wanted[j];
    }
    EXPECT_GT(power, 0) << parameter.name;
    EXPECT_LE(error, 1e-3 * power) << parameter.name;
  }
}

TEST_P(GuidedStep, MakesNothingInSteadyState) {
  GuidedBatch batch({std::string("guidance.kind=") + GetParam()});
  ASSERT_NE(batch.stepper, nullptr);
  runtime::Context& context = harness::test_context();
  batch.run(0);
  batch.run(1);
  runtime::Counters expected = context.counters();
  constexpr uint64_t kSteps = 4;
  for (uint64_t i = 0; i < kSteps; ++i) batch.run(2 + i);
  expected.submits += kSteps;
  EXPECT_EQ(context.counters(), expected);
}

INSTANTIATE_TEST_SUITE_P(Kinds, GuidedStep, testing::Values("hint", "logits_mse", "mutual_kl"),
                         [](const auto& test) { return std::string(test.param); });

void expect_resumed_equals(const Recipe& recipe, const std::string& name, int stop, const std::string& drop = "") {
  const RunFolder whole = fresh_folder(name + "_whole"), parts = fresh_folder(name + "_parts");
  train(recipe, whole);
  RunOptions options = small_run(recipe, parts);
  options.should_stop = stop_at(stop);
  const auto first = run_training(harness::test_context(), options);
  ASSERT_TRUE(first) << first.error().to_string();
  ASSERT_TRUE(first->is_interrupted);
  if (!drop.empty()) std::filesystem::remove(drop);
  options = small_run(recipe, parts);
  options.resume = true;
  const auto second = run_training(harness::test_context(), options);
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(file_bytes(parts.last()), file_bytes(whole.last()));
  EXPECT_EQ(file_bytes(parts.best()), file_bytes(whole.best()));
}

TEST(GuidedResume, InTheMiddleEqualsUninterrupted) {
  expect_resumed_equals(guided_recipe({"guidance.kind=mutual_kl"}), "guided_kl", 22);
}

TEST(GuidedRun, LearnsAndReportsBothSides) {
  const RunFolder folder = fresh_folder("guided_learns");
  const RunSummary summary =
      train(guided_recipe({"guidance.kind=mutual_kl", "training.epochs=12", "data.train_limit=600"}), folder);
  EXPECT_GT(summary.best_accuracy, 0.2);  // a guess is right in 4 % of cases
  std::ifstream metrics(folder.metrics());
  std::string line, last;
  while (std::getline(metrics, line)) last = line;
  for (const char* key : {"\"train_match\": ", "\"teacher_train_accuracy\": 0.", "\"teacher_test_accuracy\": 0.",
                          "\"student2_test_accuracy\": 0."}) {
    EXPECT_NE(last.find(key), std::string::npos) << key << " in " << last;
  }
  const size_t at = last.find("\"teacher_test_accuracy\": ");
  EXPECT_GT(std::stod(last.substr(at + 25)), 0.5) << last;
}

class GuidedExport : public testing::TestWithParam<const char*> {};

TEST_P(GuidedExport, StudentIsBitIdentical) {
  runtime::Context& context = harness::test_context();
  const Recipe recipe = guided_recipe({std::string("guidance.kind=") + GetParam(), "training.epochs=1"});
  const RunFolder folder = fresh_folder(std::string("guided_export_") + GetParam());
  train(recipe, folder);
  const auto dataset = open_recipe_data(recipe, {});
  ASSERT_TRUE(dataset) << dataset.error().to_string();
  const auto report = export_model(context, recipe, *dataset, folder.last(), folder.model());
  ASSERT_TRUE(report) << report.error().to_string();
  const auto parity = prove_parity(context, recipe, *dataset, folder.last(), folder.model());
  ASSERT_TRUE(parity) << parity.error().to_string();
  EXPECT_TRUE(parity->is_exact());
  EXPECT_EQ(parity->images, dataset->test.count());
}

// Students with learned steps of their own bits, a hint behind learned quantisers, a teacher from a checkpoint.
TEST(GuidedSteps, TrainAndExport) {
  runtime::Context& context = harness::test_context();
  const RunFolder real = fresh_folder("guided_steps_real");
  train(small_recipe({"quantization.weight_bits=fp32", "quantization.activation_bits=fp32", "training.epochs=1"}),
        real);
  const Recipe recipe =
      small_recipe(with_steps("lsq", "2", "2",
                              {"guidance.kind=hint", "guidance.students=[4]", "training.epochs=2",
                               "training.reestimate_norm_batches=2", "guidance.teacher_from=" + real.last().string()}));
  const RunFolder folder = fresh_folder("guided_steps");
  train(recipe, folder);
  const auto epochs = metric_lines(folder, "epoch");
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_LT(epochs[1].at("train_loss").get<double>(), epochs[0].at("train_loss").get<double>());
  const auto dataset = open_recipe_data(recipe, {});
  ASSERT_TRUE(dataset);
  ASSERT_TRUE(export_model(context, recipe, *dataset, folder.last(), folder.model()));
  const auto parity = prove_parity(context, recipe, *dataset, folder.last(), folder.model());
  ASSERT_TRUE(parity) << parity.error().to_string();
  EXPECT_TRUE(parity->is_exact());
}

INSTANTIATE_TEST_SUITE_P(Kinds, GuidedExport, testing::Values("hint", "mutual_kl"),
                         [](const auto& test) { return std::string(test.param); });

const NamedTensor& tensor(const Checkpoint& checkpoint, const std::string& name) {
  const NamedTensor* found = checkpoint.find(name);
  EXPECT_NE(found, nullptr) << name;
  static const NamedTensor none = {};
  return found != nullptr ? *found : none;
}

Checkpoint loaded(const std::filesystem::path& path) {
  auto checkpoint = load_checkpoint(path);
  EXPECT_TRUE(checkpoint) << checkpoint.error().to_string();
  return checkpoint ? std::move(*checkpoint) : Checkpoint{};
}

// A teacher in full precision; its checkpoint.
std::filesystem::path trained_teacher(const std::string& name) {
  const RunFolder folder = fresh_folder(name);
  train(small_recipe({"quantization.weight_bits=fp32", "quantization.activation_bits=fp32", "network.width=1",
                      "training.epochs=2"}),
        folder);
  return folder.last();
}

TEST(Distillation, LeavesTheTeacherAsItIs) {
  const auto teacher = trained_teacher("distill_teacher");
  const Recipe recipe =
      small_recipe({"guidance.kind=distillation", "guidance.teacher_from=" + teacher.string(), "training.epochs=2"});
  const RunFolder folder = fresh_folder("distilled");
  train(recipe, folder);
  const Checkpoint before = loaded(teacher), after = loaded(folder.last());
  size_t compared = 0;
  for (const NamedTensor& t : after.tensors) {
    EXPECT_FALSE(t.name.starts_with("moment") && t.name.find("teacher/") != std::string::npos) << t.name;
    if (!t.name.starts_with("teacher/")) continue;
    EXPECT_EQ(t.bytes, tensor(before, t.name.substr(8)).bytes) << t.name;
    ++compared;
  }
  EXPECT_EQ(compared, 5u + 1u + 4u * 4u);  // weights, the last layer's bias, four norms of four
  // What the run says of the teacher is what the teacher's own run found.
  std::ifstream metrics(folder.metrics());
  std::string line, last;
  while (std::getline(metrics, line)) last = line;
  const auto evaluated = [&](const std::string& text, const std::string& key) {
    const size_t at = text.find(key);
    EXPECT_NE(at, std::string::npos) << key << " in " << text;
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + key.size()));
  };
  std::ifstream own(teacher.parent_path().parent_path() / "metrics.jsonl");
  std::string own_last;
  while (std::getline(own, line)) own_last = line;
  EXPECT_EQ(evaluated(last, "\"teacher_test_accuracy\": "), evaluated(own_last, "\"test_accuracy\": "));
}

TEST(Distillation, ResumesWithoutTheTeachersFile) {
  const auto teacher = trained_teacher("distill_resume_teacher");
  const Recipe recipe =
      small_recipe({"guidance.kind=distillation", "guidance.teacher_from=" + teacher.string(), "training.epochs=2"});
  expect_resumed_equals(recipe, "distill", 22, teacher.string());
}

TEST(Distillation, RefusesATeacherOfOtherImages) {
  const auto teacher = trained_teacher("distill_images");
  const Recipe recipe =
      small_recipe({"guidance.kind=distillation", "guidance.teacher_from=" + teacher.string(), "data.normalize=unit"});
  const auto run = run_training(harness::test_context(), small_run(recipe, fresh_folder("distill_refused")));
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().text.find("normalize"), std::string::npos) << run.error().text;
}

// Three phases: full precision; a guided one whose teacher is that network; another whose teacher is handed over and,
// at rate 0, keeps its latents.
TEST(GuidedRun, HandsTheTeacherOverBetweenPhases) {
  const char* kPhases = R"(
name = "guided_phases"
[data]
batch = 20
train_limit = 200
test_limit = 50
[network]
name = "lenet5"
width = 0.5
[training]
epochs = 1
[[phase]]
name = "full"
[[phase]]
name = "first"
[phase.quantization]
weight_bits = 4
activation_bits = 4
[phase.guidance]
kind = "mutual_kl"
teacher_from = "network"
teacher_rate = 0
[[phase]]
name = "second"
[phase.quantization]
weight_bits = 2
activation_bits = 2
[phase.guidance]
kind = "hint"
students = [3]
teacher_rate = 0
)";
  const auto recipe = parse_recipe(kPhases, "phases");
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  Recipe full = *recipe;
  full.phases.resize(1);
  const RunFolder one = fresh_folder("guided_full"), all = fresh_folder("guided_phases");
  train(full, one);
  train(*recipe, all);
  const Checkpoint before = loaded(one.last()), after = loaded(all.last());
  for (const char* name : {"conv1.weight", "fc3.bias", "conv2.gamma"}) {
    EXPECT_EQ(tensor(after, std::string("teacher/") + name).bytes, tensor(before, name).bytes) << name;
    EXPECT_NE(tensor(after, name).bytes, tensor(before, name).bytes) << name;
  }
  // The further student began where the first one did.
  Recipe still = *recipe;
  still.phases[2].schedule.rate = 0;
  const RunFolder third = fresh_folder("guided_still");
  train(still, third);
  const Checkpoint kept = loaded(third.last());
  EXPECT_EQ(tensor(kept, "student2/conv2.weight").bytes, tensor(kept, "conv2.weight").bytes);
  expect_resumed_equals(*recipe, "guided_phases_resume", 27);
}

}  // namespace
}  // namespace lowtide::trainer
