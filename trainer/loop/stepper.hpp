// SPDX-License-Identifier: Apache-2.0
// The training graph on a device: batches in, metrics out, two steps in flight, so that the host prepares a step while
// the device works on the one before. After the first step nothing is made or allocated.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/graph/tuning.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {

// Of one network.
struct NetMetrics {
  float loss = 0;           // mean of the batch
  uint32_t correct = 0;     // images
  float gradient_norm = 0;  // NaN where a gradient was not finite
  float match = 0;          // guided training: distance from the other side

  bool is_finite() const;
};

// Of the recipe's own network, and of the others in the order of TrainGraph::networks.
struct StepMetrics : NetMetrics {
  uint64_t step = 0;
  std::vector<NetMetrics> others = {};
  float loss_scale = 1;  // a dynamic one, as the step had it

  // Whether only gradients are not finite and a smaller dynamic loss scale may help, which the next step has.
  bool has_overflowed() const;

  // The first network that has something not finite: then the step left nothing behind, no parameter, moment or running
  // statistic of any network. Null: all is well.
  const NetMetrics* first_not_finite() const;
};

struct StepperOptions {
  bool naive_only = false;                // the naive kernel of every op
  bool profile = false;                   // times every dispatch (executor().profile())
  const graph::Tuning* tuning = nullptr;  // choices of kernels; read by create() alone
};

class Stepper {
 public:
  using Options = StepperOptions;

  // `batch`: images of a step. Parameters are undefined until write() of net_state.hpp set them.
  static Result<std::unique_ptr<Stepper>> create(runtime::Context& context, TrainGraph train, Options options = {});

  // Fills the next slot and submits it. At most two steps may be unfinished.
  Result<void> submit(const Batch& batch, const shaders::StepBlock& step);
  // Waits for the oldest unfinished step.
  Result<StepMetrics> finish();
  size_t unfinished() const { return unfinished_.size(); }
  static constexpr size_t kSlots = 2;

  const TrainGraph& train() const { return train_; }
  runtime::Executor& executor() { return *executor_; }

 private:
  struct Submitted {
    runtime::Ticket ticket;
    uint32_t slot = 0;
    uint64_t step = 0;
  };

  explicit Stepper(TrainGraph train) : train_(std::move(train)) {}
  void fill(uint32_t slot, const Batch& batch, const shaders::StepBlock& step);
  float scalar(uint32_t slot, ValueId metric) const;  // 0 where there is no such metric
  NetMetrics metrics(uint32_t slot, const TrainNetwork& network) const;

  TrainGraph train_;
  std::unique_ptr<runtime::Executor> executor_;
  std::deque<Submitted> unfinished_;
};

}  // namespace lowtide::trainer
