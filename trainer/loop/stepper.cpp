// SPDX-License-Identifier: Apache-2.0
// Plans the training graph, replays it.
#include "trainer/loop/stepper.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/plan/plan.hpp"

namespace lowtide::trainer {
namespace {

template <class T>
void copy_to(std::span<const T> from, std::span<std::byte> to) {
  LOWTIDE_CHECK(from.size_bytes() == to.size(), "a batch of another size than the network's");
  std::memcpy(to.data(), from.data(), to.size());
}

// 1 at each label, 0 elsewhere.
void fill_one_hot(std::span<const uint32_t> labels, std::span<std::byte> to) {
  const size_t classes = to.size() / sizeof(float) / labels.size();
  std::fill(to.begin(), to.end(), std::byte{0});
  const float one = 1.0f;
  for (size_t i = 0; i < labels.size(); ++i) {
    std::memcpy(to.data() + (i * classes + labels[i]) * sizeof(float), &one, sizeof(float));
  }
}

}  // namespace

bool NetMetrics::is_finite() const {
  return std::isfinite(loss) && std::isfinite(gradient_norm) && std::isfinite(match);
}

const NetMetrics* StepMetrics::first_not_finite() const {
  if (!is_finite()) return this;
  for (const NetMetrics& other : others) {
    if (!other.is_finite()) return &other;
  }
  return nullptr;
}

bool StepMetrics::has_overflowed() const {
  const auto has_finite_losses = [](const NetMetrics& m) { return std::isfinite(m.loss) && std::isfinite(m.match); };
  return loss_scale > 1 && first_not_finite() != nullptr && has_finite_losses(*this) &&
         std::all_of(others.begin(), others.end(), has_finite_losses);
}

Result<std::unique_ptr<Stepper>> Stepper::create(runtime::Context& context, TrainGraph train, Options options) {
  std::unique_ptr<Stepper> stepper(new Stepper(std::move(train)));
  const TrainGraph& t = stepper->train_;
  LOWTIDE_TRY(plan::Program program,
              plan::make_program(t.graph,
                                 {.caps = context.caps(), .naive_only = options.naive_only, .tuning = options.tuning}));
  LOWTIDE_TRY(stepper->executor_, runtime::Executor::create(context, std::move(program), {},
                                                            {.slots = kSlots, .profile = options.profile}));
  LOWTIDE_TRY_VOID(stepper->executor_->write(t.attributes, std::as_bytes(std::span(t.block_attributes))));
  return stepper;
}

void Stepper::fill(uint32_t slot, const Batch& batch, const shaders::StepBlock& step) {
  if (train_.places.is_valid()) {
    copy_to(batch.places, executor_->input(slot, train_.places));
  } else {
    copy_to(batch.images, executor_->input(slot, train_.images));
  }
  copy_to(batch.labels, executor_->input(slot, train_.labels));
  copy_to(std::span(&step, 1), executor_->input(slot, train_.graph.find("step_block")));
  if (train_.targets.is_valid()) fill_one_hot(batch.labels, executor_->input(slot, train_.targets));
}

Result<void> Stepper::submit(const Batch& batch, const shaders::StepBlock& step) {
  LOWTIDE_CHECK(unfinished_.size() < kSlots, "finish a step before submitting another");
  LOWTIDE_TRY(const uint32_t slot, executor_->acquire());
  fill(slot, batch, step);
  LOWTIDE_TRY(const runtime::Ticket ticket, executor_->submit(slot));
  unfinished_.push_back({ticket, slot, step.step});
  return {};
}

float Stepper::scalar(uint32_t slot, ValueId metric) const {
  if (!metric.is_valid()) return 0;
  const std::span<const std::byte> bytes = executor_->output(slot, metric);
  float value = 0;
  LOWTIDE_CHECK(bytes.size() == sizeof(value), "a metric that is not one number");
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

NetMetrics Stepper::metrics(uint32_t slot, const TrainNetwork& network) const {
  return {.loss = scalar(slot, network.loss),
          .correct = static_cast<uint32_t>(scalar(slot, network.correct)),
          .gradient_norm = scalar(slot, network.norm),
          .match = scalar(slot, network.match)};
}

Result<StepMetrics> Stepper::finish() {
  LOWTIDE_CHECK(!unfinished_.empty(), "no step to finish");
  const Submitted oldest = unfinished_.front();
  unfinished_.pop_front();
  LOWTIDE_TRY_VOID(executor_->wait(oldest.ticket));
  StepMetrics step = {metrics(oldest.slot, train_.networks.front()), oldest.step};
  for (size_t i = 1; i < train_.networks.size(); ++i) {
    step.others.push_back(metrics(oldest.slot, train_.networks[i]));
  }
  if (train_.loss_scale.is_valid()) step.loss_scale = scalar(oldest.slot, train_.loss_scale);
  return step;
}

}  // namespace lowtide::trainer
