// SPDX-License-Identifier: Apache-2.0
// The training step learns: one batch is overfitted at several precisions; a step whose gradient is not finite changes
// nothing; a step in steady state makes nothing.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/glyphs.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kBatch = 32;

// One batch of glyphs, normalised, and a stepper on a fresh network.
struct OneBatch {
  Dataset dataset = make_glyphs({.seed = 3, .train_count = kBatch, .test_count = 1});
  std::vector<float> images;
  std::unique_ptr<Stepper> stepper;
  Recipe recipe;
  uint64_t step = 0;

  explicit OneBatch(const std::vector<std::string>& changes) : recipe(small_recipe(changes)) {
    for (const uint8_t pixel : dataset.train.pixels) images.push_back((pixel / 255.0f - 0.2f) / 0.3f);
    auto train = make_train_graph(recipe.phases[0], net_input(dataset, kBatch));
    EXPECT_TRUE(train) << train.error().to_string();
    if (!train) return;
    auto made = Stepper::create(harness::test_context(), std::move(*train));
    EXPECT_TRUE(made) << made.error().to_string();
    if (!made) return;
    const TrainGraph& t = (*made)->train();
    EXPECT_TRUE(write_persistent(t.graph, (*made)->executor(), initial_tensors(t.graph, t.parameters, recipe.seed)));
    stepper = std::move(*made);
  }

  StepMetrics run(double rate) {
    const Batch batch = {.images = images, .labels = dataset.train.labels, .valid = kBatch};
    const auto block = make_step_block(recipe.phases[0].optimizer, recipe.seed, step++, {.rate = rate}, kBatch);
    EXPECT_TRUE(stepper->submit(batch, block));
    const auto metrics = stepper->finish();
    EXPECT_TRUE(metrics) << metrics.error().to_string();
    return metrics ? *metrics : StepMetrics{};
  }
};

struct Precision {
  const char* name;
  std::vector<std::string> changes;
  double rate = 0.01;
};

void PrintTo(const Precision& row, std::ostream* out) {
  *out << row.name;
}

class Overfit : public ::testing::TestWithParam<Precision> {};

TEST_P(Overfit, OneBatchBelowALoss) {
  OneBatch one(GetParam().changes);
  ASSERT_NE(one.stepper, nullptr);
  const StepMetrics first = one.run(GetParam().rate);
  EXPECT_GT(first.loss, 0.5f);
  EXPECT_GT(first.gradient_norm, 0.0f);
  StepMetrics last;
  for (int i = 0; i < 100 && last.correct < kBatch; ++i) last = one.run(GetParam().rate);
  for (int i = 0; i < 40; ++i) last = one.run(0.3 * GetParam().rate);
  EXPECT_LT(last.loss, 0.1f);
  EXPECT_EQ(last.correct, kBatch);
}

INSTANTIATE_TEST_SUITE_P(
    Train, Overfit,
    ::testing::Values(
        Precision{"fp32", {"quantization.weight_bits=fp32", "quantization.activation_bits=fp32"}},
        Precision{"w2a2", {}},
        Precision{"w1a1_sign",
                  {"quantization.weight_bits=1", "quantization.activation_bits=1",
                   "quantization.weight_quantizer=sign_channel", "quantization.activation_quantizer=sign",
                   "network.width=1", "optimizer.latent_clip=1"}},
        Precision{"w4a4_sgd_mse",
                  {"optimizer.name=sgd", "optimizer.nesterov=true", "training.loss=mse",
                   "optimizer.gradient_clip_norm=5", "quantization.weight_bits=4", "quantization.activation_bits=4"},
                  0.2},
        Precision{"s3_w3_fp32",
                  {"quantization.weight_bits=3", "quantization.activation_bits=fp32",
                   "quantization.weight_quantizer=sparse_shift"}},
        Precision{"deepshift_q_w4a2", {"quantization.weight_bits=4", "quantization.weight_quantizer=deepshift_q"}},
        Precision{"deepshift_ps_w5_radam",
                  {"quantization.weight_bits=5", "quantization.activation_bits=fp32",
                   "quantization.weight_quantizer=deepshift_ps", "optimizer.name=radam"},
                  0.1}),
    [](const auto& row) { return row.param.name; });

TEST(Step, ThatIsNotFiniteLeavesParametersAlone) {
  OneBatch one({});
  ASSERT_NE(one.stepper, nullptr);
  one.run(0.01);
  const graph::Graph& graph = one.stepper->train().graph;
  const auto before = read_persistent(graph, one.stepper->executor());
  const float kept = one.images[100];
  one.images[100] = std::nanf("");
  const StepMetrics bad = one.run(0.01);
  EXPECT_FALSE(std::isfinite(bad.gradient_norm));
  const auto after = read_persistent(graph, one.stepper->executor());
  ASSERT_TRUE(before && after);
  for (size_t i = 0; i < before->size(); ++i) {
    const NamedTensor& t = (*after)[i];
    if (t.name.find("running") == std::string::npos) {
      EXPECT_EQ((*before)[i].bytes == t.bytes, true) << t.name;
    } else {  // running statistics may have seen the batch, but never what is not finite
      for (const double element : elements_of(t)) EXPECT_TRUE(std::isfinite(element)) << t.name;
    }
  }
  one.images[100] = kept;
  EXPECT_TRUE(std::isfinite(one.run(0.01).loss));
}

TEST(Step, MakesNothingInSteadyState) {
  OneBatch one({});
  ASSERT_NE(one.stepper, nullptr);
  runtime::Context& context = harness::test_context();
  one.run(0.01);
  one.run(0.01);
  runtime::Counters expected = context.counters();
  constexpr uint64_t kSteps = 5;
  for (uint64_t i = 0; i < kSteps; ++i) one.run(0.01);
  expected.submits += kSteps;
  EXPECT_EQ(context.counters(), expected);
}

}  // namespace
}  // namespace lowtide::trainer
