// SPDX-License-Identifier: Apache-2.0
// AQE on a device: what the blend promises in every epoch, and that networks with thresholds learn and resume.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/graph/op_info.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

std::vector<std::string> aqe(uint32_t inputs, uint32_t weights, const char* rule) {
  const std::string m = std::to_string(inputs), n = std::to_string(weights);
  return {"quantization.weight_bits=" + n,
          "quantization.activation_bits=" + m,
          "quantization.first_layer=" + n,
          "quantization.last_layer=" + n,
          "quantization.layers=[{pattern = \"fc3\", activation_bits = " + m + "}]",
          "quantization.weight_quantizer=threshold",
          "quantization.activation_quantizer=threshold",
          std::string("quantization.weight_estimator=") + rule,
          std::string("quantization.activation_estimator=") + rule,
          "optimizer.latent_clip=1"};
}

// A blended tensor: what the convolution reads, and the levels behind it.
struct Blended {
  ValueId value, levels;
  uint32_t bits = 1;
};

std::vector<Blended> watch_blends(graph::Graph& graph) {
  std::vector<Blended> out;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op->name != "estimate") continue;
    out.push_back({node.out(), node.in(1)});
  }
  for (const graph::Node& node : graph.nodes()) {
    for (Blended& blended : out) {
      if (node.op->name == "quantize_threshold" && node.out() == blended.levels) blended.bits = 2;
    }
  }
  for (size_t i = 0; i < out.size(); ++i) {
    graph.make_metric(out[i].value, "blended" + std::to_string(i));
    graph.make_metric(out[i].levels, "levels" + std::to_string(i));
  }
  return out;
}

std::vector<float> read(Stepper& stepper, ValueId id) {
  std::vector<float> elements(stepper.train().graph.desc(id).element_count());
  EXPECT_TRUE(stepper.executor().read(id, std::as_writable_bytes(std::span(elements))));
  return elements;
}

// At the end of each epoch: no 1-bit tensor holds a magnitude below alpha, and in the last epoch all are their levels.
void expect_promises(const Recipe& recipe) {
  const Phase& phase = recipe.phases[0];
  const auto dataset = open_recipe_data(recipe, {});
  ASSERT_TRUE(dataset);
  auto train = make_train_graph(phase, net_input(*dataset, recipe.data.batch));
  ASSERT_TRUE(train) << train.error().to_string();
  const std::vector<Blended> blends = watch_blends(train->graph);
  ASSERT_EQ(blends.size(), 9u);  // five layers, four inputs
  auto stepper = Stepper::create(harness::test_context(), std::move(*train));
  ASSERT_TRUE(stepper) << stepper.error().to_string();
  const TrainGraph& t = (*stepper)->train();
  ASSERT_TRUE(write_persistent(t.graph, (*stepper)->executor(), initial_tensors(t.graph, t.parameters, recipe.seed)));
  const auto queue = BatchQueue::open(*dataset, dataset->train, train_batch_options(recipe.data, recipe.seed));
  ASSERT_TRUE(queue);
  const uint64_t steps = (*queue)->batches_per_epoch();
  for (uint64_t step = 0; step < steps * phase.training.epochs; ++step) {
    const auto batch = (*queue)->next();
    ASSERT_TRUE(batch);
    const StepValues values = step_values(phase, steps, step);
    const auto block = make_step_block(phase.optimizer, recipe.seed, step, values, batch->valid);
    ASSERT_TRUE((*stepper)->submit(*batch, block));
    ASSERT_TRUE((*stepper)->finish());
    if ((step + 1) % steps != 0) continue;
    const bool is_last = step + 1 == steps * phase.training.epochs;
    EXPECT_EQ(values.blend == 1, is_last);
    for (const Blended& blended : blends) {
      const std::vector<float> value = read(**stepper, blended.value), levels = read(**stepper, blended.levels);
      float smallest = INFINITY, farthest = 0;
      for (size_t i = 0; i < value.size(); ++i) {
        smallest = std::min(smallest, std::abs(value[i]));
        farthest = std::max(farthest, std::abs(value[i] - levels[i]));
      }
      if (blended.bits == 1) {
        EXPECT_GE(smallest, static_cast<float>(values.blend)) << "step " << step;
      }
      EXPECT_EQ(farthest == 0, is_last) << "step " << step;
      EXPECT_EQ(std::memcmp(value.data(), levels.data(), value.size() * sizeof(float)) == 0, is_last);
    }
  }
}

TEST(Aqe, BlendsEndQuantised) {
  for (const auto& [inputs, weights] : {std::pair{1u, 1u}, std::pair{3u, 1u}, std::pair{2u, 3u}}) {
    for (const char* schedule : {"linear", "geometric"}) {
      SCOPED_TRACE(testing::Message() << "M=" << inputs << " N=" << weights << ' ' << schedule);
      std::vector<std::string> changes = aqe(inputs, weights, "aqe_g1");
      changes.push_back(std::string("blend.schedule=") + schedule);
      changes.push_back("training.epochs=3");
      changes.push_back("data.train_limit=100");
      expect_promises(small_recipe(changes));
    }
  }
}

TEST(Aqe, EveryEstimatorLearns) {
  for (const char* rule : {"own", "aqe_g1", "aqe_g2", "aqe_g3", "bireal", "ewgs"}) {
    SCOPED_TRACE(rule);
    std::vector<std::string> changes = aqe(1, 1, rule);
    changes.push_back("network.width=1");
    changes.push_back("data.train_limit=2000");
    changes.push_back("schedule.rate=0.01");
    const RunFolder folder = fresh_folder(std::string("aqe_learns_") + rule);
    const auto summary = run_training(harness::test_context(), small_run(small_recipe(changes), folder));
    ASSERT_TRUE(summary) << summary.error().to_string();
    EXPECT_GT(summary->last.accuracy(), 0.15);  // chance is below 0.03
  }
}

// Alpha, the running maxima and everything else, stopped in the middle of an epoch.
TEST(Aqe, ResumeEqualsUninterrupted) {
  std::vector<std::string> changes = aqe(3, 2, "aqe_g1");
  changes.push_back("training.epochs=3");
  const Recipe recipe = small_recipe(changes);
  const RunFolder whole = fresh_folder("aqe_whole"), parts = fresh_folder("aqe_parts");
  ASSERT_TRUE(run_training(harness::test_context(), small_run(recipe, whole)));
  RunOptions options = small_run(recipe, parts);
  options.should_stop = [count = std::make_shared<int>(0)] { return ++*count > 23; };
  const auto first = run_training(harness::test_context(), options);
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_TRUE(first->is_interrupted);
  options = small_run(recipe, parts);
  options.resume = true;
  const auto second = run_training(harness::test_context(), options);
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(file_bytes(parts.last()), file_bytes(whole.last()));
  const auto end = load_checkpoint(whole.last());
  ASSERT_TRUE(end);
  const NamedTensor* maximum = end->find("conv2.activation_maximum");
  ASSERT_NE(maximum, nullptr);
  EXPECT_GT(elements_of(*maximum)[0], 0.5);
  EXPECT_LE(elements_of(*maximum)[0], 1.0);
}

}  // namespace
}  // namespace lowtide::trainer
