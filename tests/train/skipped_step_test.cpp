// SPDX-License-Identifier: Apache-2.0
// A step that is not finite leaves nothing behind: every parameter, moment and running statistic of every network is
// what it was, bit for bit, whatever it was that is not finite.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/prepare.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// A network on the device, the batches of its data set, and what it holds.
class Steps {
 public:
  explicit Steps(const std::vector<std::string>& changes) : recipe_(small_recipe(changes)) {
    auto dataset = open_recipe_data(recipe_, {});
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_string();
    dataset_ = std::make_unique<Dataset>(std::move(*dataset));
    auto queue = BatchQueue::open(*dataset_, dataset_->train, train_batch_options(recipe_.data, recipe_.seed));
    EXPECT_TRUE(queue.has_value()) << queue.error().to_string();
    queue_ = std::move(*queue);
    auto train = make_train_graph(phase(), net_input(*dataset_, recipe_.data.batch));
    EXPECT_TRUE(train.has_value()) << train.error().to_string();
    auto stepper = Stepper::create(harness::test_context(), std::move(*train));
    EXPECT_TRUE(stepper.has_value()) << stepper.error().to_string();
    stepper_ = std::move(*stepper);
    std::vector<NamedTensor> tensors = initial_tensors(graph(), stepper_->train().parameters, recipe_.seed);
    const Preparation preparation = {.context = harness::test_context(),
                                     .phase = phase(),
                                     .input = net_input(*dataset_, recipe_.data.batch),
                                     .seed = recipe_.seed,
                                     .dataset = *dataset_,
                                     .batches = train_batch_options(recipe_.data, recipe_.seed)};
    EXPECT_TRUE(prepare_phase(preparation, stepper_->train().parameters, {}, tensors).has_value());
    write(tensors);
  }

  void write(const std::vector<NamedTensor>& tensors) {
    EXPECT_TRUE(write_persistent(graph(), stepper_->executor(), tensors).has_value());
  }
  std::vector<NamedTensor> state() {
    auto tensors = read_persistent(graph(), stepper_->executor());
    EXPECT_TRUE(tensors.has_value());
    return std::move(*tensors);
  }
  void set_element(const std::string& name, size_t index, float value) {
    std::vector<NamedTensor> tensors = state();
    for (NamedTensor& tensor : tensors) {
      if (tensor.name == name) std::memcpy(tensor.bytes.data() + index * sizeof(float), &value, sizeof(float));
    }
    write(tensors);
  }

  // One step on the next batch, of which the first pixel of the last image is `pixel` where that is given.
  StepMetrics step(std::optional<float> pixel = {}) {
    const auto batch = queue_->next();
    EXPECT_TRUE(batch.has_value());
    Batch changed = *batch;
    std::vector<float> images(batch->images.begin(), batch->images.end());
    if (pixel) images[images.size() - images.size() / recipe_.data.batch] = *pixel;
    changed.images = images;
    const StepValues values = {.rate = 0.003, .second_rate = 0.01};
    EXPECT_TRUE(stepper_->submit(changed, make_step_block(phase(), 1, done_++, values, batch->valid)).has_value());
    auto metrics = stepper_->finish();
    EXPECT_TRUE(metrics.has_value());
    return *metrics;
  }

  const Phase& phase() const { return recipe_.phases[0]; }
  const graph::Graph& graph() const { return stepper_->train().graph; }

 private:
  Recipe recipe_;
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<BatchQueue> queue_;
  std::unique_ptr<Stepper> stepper_;
  uint64_t done_ = 0;
};

std::vector<std::string> changed(const std::vector<NamedTensor>& before, const std::vector<NamedTensor>& after) {
  std::vector<std::string> names;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].bytes != after[i].bytes) names.push_back(before[i].name);
  }
  return names;
}

// A finite step moves everything (moments too), so that staying is not what the network does anyway.
void expect_moves(Steps& steps) {
  const std::vector<NamedTensor> before = steps.state();
  const StepMetrics metrics = steps.step();
  ASSERT_EQ(metrics.first_not_finite(), nullptr) << metrics.loss << ' ' << metrics.gradient_norm;
  EXPECT_EQ(changed(before, steps.state()).size(), before.size());
}

void expect_stays(Steps& steps, std::optional<float> pixel = {}) {
  const std::vector<NamedTensor> before = steps.state();
  const StepMetrics metrics = steps.step(pixel);
  ASSERT_NE(metrics.first_not_finite(), nullptr) << metrics.loss << ' ' << metrics.gradient_norm;
  EXPECT_EQ(changed(before, steps.state()), std::vector<std::string>{});
}

TEST(SkippedStep, ABatchThatIsNotFiniteLeavesEverythingAsItWas) {
  const std::vector<std::string> networks[] = {
      {},
      {"quantization.weight_bits=fp32", "quantization.activation_bits=fp32", "optimizer.name=sgd"},
      {"optimizer.name=radam", "training.loss=mse"},
      with_steps("lsq", "3", "2")};
  for (const std::vector<std::string>& changes : networks) {
    SCOPED_TRACE(changes.empty() ? "default" : changes.front());
    Steps steps(changes);
    expect_moves(steps);
    for (const float pixel : {kNan, std::numeric_limits<float>::infinity()}) {
      SCOPED_TRACE(pixel);
      expect_stays(steps, pixel);
      expect_moves(steps);
    }
  }
}

// The squares of the loss overflow; the gradients, which are no squares, do not.
TEST(SkippedStep, ALossThatIsNotFiniteIsEnough) {
  Steps steps({"training.loss=mse"});
  expect_moves(steps);
  steps.set_element("fc3.bias", 0, 6e18f);
  const std::vector<NamedTensor> before = steps.state();
  const StepMetrics metrics = steps.step();
  EXPECT_TRUE(std::isinf(metrics.loss)) << metrics.loss;
  EXPECT_TRUE(std::isfinite(metrics.gradient_norm)) << metrics.gradient_norm;
  EXPECT_EQ(changed(before, steps.state()), std::vector<std::string>{});
}

// The first student's own loss, distance and gradient are finite.
TEST(SkippedStep, OneOfSeveralNetworksStopsAllOfThem) {
  Steps steps({"guidance.kind=mutual_kl", "guidance.students=[4]", "guidance.teacher_optimizer=sgd"});
  expect_moves(steps);
  steps.set_element("student2/fc3.bias", 0, kNan);
  const std::vector<NamedTensor> before = steps.state();
  const StepMetrics metrics = steps.step();
  EXPECT_TRUE(metrics.is_finite());
  ASSERT_NE(metrics.first_not_finite(), nullptr);
  EXPECT_EQ(changed(before, steps.state()), std::vector<std::string>{});
}

}  // namespace
}  // namespace lowtide::trainer
