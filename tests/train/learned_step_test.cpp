// SPDX-License-Identifier: Apache-2.0
// The start of a phase with learned steps: what is handed over stays, steps are what calibration measures, running
// statistics what the batches have; a phase that resumes is as if it had not stopped. And the quantisers learn.
#include "trainer/methods/learned_step.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference/interpreter.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/prepare.hpp"

namespace lowtide::trainer {
namespace {

const NamedTensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

std::vector<double> elements(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const NamedTensor* tensor = find(tensors, name);
  if (tensor != nullptr) return elements_of(*tensor);
  ADD_FAILURE() << "no tensor " << name;
  return {0.0};
}

// A fresh network, its tensors, and the batches that its phase begins with.
struct Start {
  Recipe recipe;
  Dataset dataset;
  TrainGraph train;
  std::vector<NamedTensor> tensors;
  std::unique_ptr<BatchQueue> queue;

  explicit Start(const std::vector<std::string>& changes) : recipe(small_recipe(changes)) {
    dataset = *open_recipe_data(recipe, {});
    train = std::move(*make_train_graph(recipe.phases[0], input()));
    tensors = initial_tensors(train.graph, train.parameters, recipe.seed);
    queue = std::move(*BatchQueue::open(dataset, dataset.train, train_batch_options(recipe.data, recipe.seed)));
  }
  NetInput input() const { return net_input(dataset, recipe.data.batch); }
  void prepare() {
    const auto done = prepare_phase({.context = harness::test_context(),
                                     .phase = recipe.phases[0],
                                     .input = input(),
                                     .seed = recipe.seed,
                                     .dataset = dataset,
                                     .batches = train_batch_options(recipe.data, recipe.seed)},
                                    train.parameters, {}, tensors);
    ASSERT_TRUE(done.has_value()) << done.error().to_string();
  }
};

// A value of the reference's training forward with full-precision activations on batch `index`.
std::vector<double> reference_value(Start& start, const std::string& node, uint64_t index, size_t output = 0) {
  Phase phase = start.recipe.phases[0];
  phase.quantization.activation_bits = kFloatBits;
  const auto train = make_train_graph(phase, start.input());
  EXPECT_TRUE(train.has_value());
  reference::Interpreter interpreter(train->graph);
  interpreter.set_step(make_step_block(phase.optimizer, start.recipe.seed, 0, {}, start.recipe.data.batch));
  for (const ValueId id : train->graph.with_role(graph::Role::parameter)) {
    interpreter.set(id, elements(start.tensors, train->graph.value(id).name));
  }
  for (const ValueId id : train->graph.with_role(graph::Role::state)) {
    interpreter.set(id, elements(start.tensors, train->graph.value(id).name));
  }
  start.queue->seek({.epoch = 0, .index = index});
  const auto batch = start.queue->next();
  EXPECT_TRUE(batch.has_value());
  interpreter.set(train->images, std::vector<double>(batch->images.begin(), batch->images.end()));
  interpreter.set(train->labels, std::vector<double>(batch->labels.begin(), batch->labels.end()));
  interpreter.set(train->attributes, std::vector<double>(train->graph.desc(train->attributes).element_count(), 0.0));
  const auto evaluated = interpreter.evaluate();
  EXPECT_TRUE(evaluated.has_value()) << evaluated.error().to_string();
  for (const graph::Node& n : train->graph.nodes()) {
    if (n.name != node) continue;
    const auto found = interpreter.elements(n.out(output));
    return {found.begin(), found.end()};
  }
  ADD_FAILURE() << "no node " << node;
  return {};
}

TEST(StepCalibration, StartsAreThoseOfTheFormulas) {
  for (const char* quantizer : {"lsq", "uniq"}) {
    SCOPED_TRACE(quantizer);
    Start start(with_steps(quantizer, "3", "2", {"quantization.calibration_batches=2"}));
    const std::vector<NamedTensor> before = start.tensors;
    start.prepare();
    const bool is_uniform = std::string(quantizer) == "uniq";
    const StepQuantizer kind = is_uniform ? StepQuantizer::uniq : StepQuantizer::lsq;
    for (const char* layer : {"conv2", "fc1", "fc2"}) {
      const std::string name(layer);
      const std::vector<double> latents = elements(start.tensors, name + ".weight");
      const std::vector<float> w(latents.begin(), latents.end());
      EXPECT_FLOAT_EQ(static_cast<float>(elements(start.tensors, name + ".w_step")[0]),
                      static_cast<float>(weight_step_start({.quantizer = kind, .bits = 3, .latent = "w"}, w)));
    }
    // The reference in double sees the same levels of weights but for ties, and the first quantised layer's input
    // depends on none.
    double magnitude = 0;
    for (const uint64_t index : {0u, 1u}) {
      const std::vector<double> x = reference_value(start, "conv2/x", index);
      for (const double e : x) magnitude += (is_uniform ? e * e : e) / static_cast<double>(2 * x.size());
    }
    const double expected = activation_step_start({.quantizer = kind, .bits = 2}, magnitude);
    EXPECT_NEAR(elements(start.tensors, "conv2.x_step")[0], expected, 1e-4 * expected);
    // Nothing else was touched.
    for (const NamedTensor& tensor : before) {
      const bool is_step = tensor.name.ends_with("_step") && !tensor.name.starts_with("moment");
      EXPECT_EQ(find(start.tensors, tensor.name)->bytes != tensor.bytes, is_step) << tensor.name;
    }
  }
}

// A student beside others starts as it would alone, and so do the maps that a hint compares.
TEST(StepCalibration, EveryNetworkOfAProgramIsCalibrated) {
  Start guided(with_steps("lsq", "2", "2", {"guidance.kind=hint", "guidance.students=[[2, 4]]"}));
  const std::vector<NamedTensor> before = guided.tensors;
  guided.prepare();
  Start alone(with_steps("lsq", "2", "4"));
  for (NamedTensor& tensor : alone.tensors) {
    const NamedTensor* twin = find(before, "student2/" + tensor.name);
    if (twin != nullptr) tensor.bytes = twin->bytes;
  }
  alone.prepare();
  size_t steps = 0, hints = 0;
  for (const NetParameter& parameter : guided.train.parameters) {
    if (!parameter.learned) continue;
    const double step = elements(guided.tensors, parameter.name)[0];
    EXPECT_NE(step, 1.0) << parameter.name << " stands where it was drawn";
    hints += parameter.name.find("hint") != std::string::npos ? 1 : 0;
    const std::string local(parameter.local_name());
    if (!parameter.name.starts_with("student2/") || find(alone.tensors, local) == nullptr) continue;
    ++steps;
    EXPECT_FLOAT_EQ(static_cast<float>(step), static_cast<float>(elements(alone.tensors, local)[0])) << parameter.name;
  }
  EXPECT_EQ(steps, 6u);          // two of each quantised layer
  EXPECT_EQ(hints, 2u * 2 + 4);  // two places: of each student, and of the teacher for each of them
}

TEST(StepCalibration, PactStartsWhereTheRecipeSays) {
  Start start(with_steps("pact", "2", "2", {"quantization.clip_start=7"}));
  start.prepare();
  for (const char* layer : {"conv2", "fc1", "fc2"}) {
    EXPECT_EQ(elements(start.tensors, std::string(layer) + ".x_clip")[0], 7.0);
  }
}

// The running statistics of the first norm are the average of those of its batches; parameters stay.
TEST(StepCalibration, RunningStatisticsAreTheBatchesAverage) {
  Start start({"training.reestimate_norm_batches=2", "network.dropout=0.5"});
  const std::vector<NamedTensor> before = start.tensors;
  start.prepare();
  std::vector<double> mean;
  for (const uint64_t index : {0u, 1u}) {
    const std::vector<double> x = reference_value(start, "conv1/norm", index, 1);  // the batch's mean
    mean.resize(x.size());
    for (size_t i = 0; i < x.size(); ++i) mean[i] += x[i] / 2;
  }
  const std::vector<double> found = elements(start.tensors, "conv1.running_mean");
  ASSERT_EQ(found.size(), mean.size());
  for (size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(found[i], mean[i], 1e-4) << i;
  for (const NamedTensor& tensor : before) {
    const bool is_running = tensor.name.find(".running_") != std::string::npos;
    EXPECT_EQ(find(start.tensors, tensor.name)->bytes != tensor.bytes, is_running) << tensor.name;
  }
}

Recipe two_phases(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  Recipe recipe = small_recipe(first);
  recipe.phases.push_back(small_recipe(second).phases[0]);
  recipe.phases[1].name = "second";
  recipe.phases[1].initialize_from = "previous";
  return recipe;
}

// Stopped before its first step, a phase holds what it was given: every latent, norm and bias of the phase before, and
// steps of its own.
TEST(StepHandOver, ChangesNoLatentAndRecalibratesSteps) {
  const Recipe recipe = two_phases(with_steps("uniq", "2", "2", {"training.epochs=1"}),
                                   with_steps("uniq", "1", "1", {"training.epochs=1"}));
  const RunFolder folder = fresh_folder("hand_over");
  RunOptions options = small_run(recipe, folder);
  options.should_stop = [count = std::make_shared<int>(0)] { return ++*count > 16; };  // 15 steps and the phase's end
  const auto summary = run_training(harness::test_context(), options);
  ASSERT_TRUE(summary.has_value()) << summary.error().to_string();
  const auto second = load_checkpoint(folder.last());
  ASSERT_TRUE(second.has_value());
  ASSERT_EQ(second->state.position.phase, 1u);
  ASSERT_EQ(second->state.position.step, 0u);
  Recipe alone = recipe;
  alone.phases.pop_back();
  const RunFolder first_folder = fresh_folder("hand_over_first");
  ASSERT_TRUE(run_training(harness::test_context(), small_run(alone, first_folder)).has_value());
  const auto first = load_checkpoint(first_folder.last());
  ASSERT_TRUE(first.has_value());
  for (const NamedTensor& tensor : first->tensors) {
    if (tensor.name.starts_with("moment")) continue;
    const NamedTensor* now = second->find(tensor.name);
    ASSERT_NE(now, nullptr) << tensor.name;
    EXPECT_EQ(now->bytes != tensor.bytes, tensor.name.ends_with("_step")) << tensor.name;
  }
  const std::vector<double> latents = elements(first->tensors, "fc1.weight");
  const std::vector<float> w(latents.begin(), latents.end());
  EXPECT_FLOAT_EQ(
      static_cast<float>(elements(second->tensors, "fc1.w_step")[0]),
      static_cast<float>(weight_step_start({.quantizer = StepQuantizer::uniq, .bits = 1, .latent = "fc1.weight"}, w)));
  // From a checkpoint's path it is the same.
  Recipe from_file = alone;
  from_file.phases[0] = recipe.phases[1];
  from_file.phases[0].initialize_from = first_folder.last().string();
  const RunFolder third_folder = fresh_folder("hand_over_file");
  options = small_run(from_file, third_folder);
  options.should_stop = [] { return true; };
  ASSERT_TRUE(run_training(harness::test_context(), options).has_value());
  const auto third = load_checkpoint(third_folder.last());
  ASSERT_TRUE(third.has_value());
  for (const NamedTensor& tensor : second->tensors) {
    if (!tensor.name.ends_with(".w_step")) continue;
    EXPECT_EQ(third->find(tensor.name)->bytes, tensor.bytes) << tensor.name;
  }
}

// The bound of PACT goes over as it is.
TEST(StepHandOver, KeepsPactsBound) {
  const Recipe recipe = two_phases(with_steps("pact", "3", "3", {"training.epochs=1", "quantization.clip_start=4"}),
                                   with_steps("pact", "2", "2", {"training.epochs=1", "quantization.clip_start=4"}));
  const RunFolder folder = fresh_folder("hand_over_clip");
  RunOptions options = small_run(recipe, folder);
  options.should_stop = [count = std::make_shared<int>(0)] { return ++*count > 16; };
  ASSERT_TRUE(run_training(harness::test_context(), options).has_value());
  const auto second = load_checkpoint(folder.last());
  ASSERT_TRUE(second.has_value());
  ASSERT_EQ(second->state.position.phase, 1u);
  EXPECT_NE(elements(second->tensors, "fc1.x_clip")[0], 4.0);
}

TEST(StepResume, InTheMiddleOfACalibratedPhaseEqualsUninterrupted) {
  Recipe recipe = two_phases(
      with_steps("lsq", "3", "3", {"training.epochs=2"}),
      with_steps("uniq", "2", "2",
                 {"training.epochs=2", "training.reestimate_norm_batches=3", "quantization.calibration_batches=2"}));
  const RunFolder whole = fresh_folder("steps_whole"), parts = fresh_folder("steps_parts");
  ASSERT_TRUE(run_training(harness::test_context(), small_run(recipe, whole)).has_value());
  RunOptions options = small_run(recipe, parts);
  options.should_stop = [count = std::make_shared<int>(0)] { return ++*count > 40; };
  ASSERT_TRUE(run_training(harness::test_context(), options).has_value());
  EXPECT_NE(file_bytes(parts.last()), file_bytes(whole.last())) << "the first part did not stop early";
  options = small_run(recipe, parts);
  options.resume = true;
  ASSERT_TRUE(run_training(harness::test_context(), options).has_value());
  EXPECT_EQ(file_bytes(parts.last()), file_bytes(whole.last()));
}

struct Learner {
  const char* name;
  std::vector<std::string> changes;
  double accuracy;
};

void PrintTo(const Learner& row, std::ostream* out) {
  *out << row.name;
}

class StepLearns : public ::testing::TestWithParam<Learner> {};

// 450 steps of SGD, where the gradient scale matters; chance is 1 in 36. Steps move and stay positive.
TEST_P(StepLearns, GlyphsInSixEpochs) {
  std::vector<std::string> changes = GetParam().changes;
  for (const char* change :
       {"data.train_limit=1500", "training.epochs=6", "optimizer.name=sgd", "schedule.rate=0.05"}) {
    changes.emplace_back(change);
  }
  const Recipe recipe = small_recipe(changes);
  const RunFolder folder = fresh_folder(std::string("learns_") + GetParam().name);
  const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
  ASSERT_TRUE(summary.has_value()) << summary.error().to_string();
  EXPECT_GT(summary->last.accuracy(), GetParam().accuracy);
  Start start(changes);
  start.prepare();
  const auto end = load_checkpoint(folder.last());
  ASSERT_TRUE(end.has_value());
  for (const NetParameter& parameter : start.train.parameters) {
    if (!parameter.learned) continue;
    const double now = elements(end->tensors, parameter.name)[0];
    EXPECT_GT(now, 0.0) << parameter.name;
    EXPECT_NE(now, elements(start.tensors, parameter.name)[0]) << parameter.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Train, StepLearns,
                         ::testing::Values(Learner{"lsq_w2a2", with_steps("lsq", "2", "2"), 0.5},
                                           Learner{"lsq_w1a1", with_steps("lsq", "1", "1"), 0.4},
                                           Learner{"uniq_w1a1", with_steps("uniq", "1", "1"), 0.25},
                                           Learner{"uniq_w4a4", with_steps("uniq", "4", "4"), 0.65},
                                           Learner{"pact_w2a2",
                                                   with_steps("pact", "2", "2", {"quantization.clip_start=3"}), 0.5}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace lowtide::trainer
