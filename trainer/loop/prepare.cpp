// SPDX-License-Identifier: Apache-2.0
// Forward passes in training mode, and what is learned from them.
#include "trainer/loop/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>

#include "engine/ops/quantize_step/quantize_step.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/loop/forward_networks.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/nets/step_operands.hpp"

namespace lowtide::trainer {
namespace {

NamedTensor* find_tensor(std::vector<NamedTensor>& tensors, std::string_view name) {
  const auto at = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& t) { return t.name == name; });
  return at == tensors.end() ? nullptr : &*at;
}

std::vector<float> floats_of(std::span<const std::byte> bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

void set_floats(NamedTensor& tensor, std::span<const float> floats) {
  LOWTIDE_CHECK(tensor.bytes.size() == floats.size_bytes(), "a tensor of another size");
  std::memcpy(tensor.bytes.data(), floats.data(), floats.size_bytes());
}

// The networks forward, batch by batch, without dropout.
class ForwardPass {
 public:
  // sets_norms: running statistics become the batch's; else they stay.
  static Result<std::unique_ptr<ForwardPass>> create(const Preparation& preparation, NetMode mode, bool sets_norms,
                                                     const std::vector<NamedTensor>& tensors) {
    std::unique_ptr<ForwardPass> pass(new ForwardPass(preparation));
    Phase phase = preparation.phase;
    phase.network.dropout = 0;
    phase.network.batch_norm_momentum = 1;
    const NetInput& in = preparation.input;
    graph::Graph& graph = pass->graph_;
    pass->images_ = graph.input("images", f32_desc(Shape{in.batch, in.height, in.width, in.channels}));
    LOWTIDE_TRY(const auto networks,
                add_networks(graph, mode, phase, preparation.fixed_teacher, pass->images_, in.classes));
    for (const ForwardNetwork& network : networks) {
      if (sets_norms) LOWTIDE_TRY_VOID(append_norm_updates(graph, network.norm_updates));
      graph.make_metric(network.logits, network.description.scope.prefix + "logits");
    }
    LOWTIDE_TRY(plan::Program program, plan::make_program(graph, {.caps = preparation.context.caps()}));
    LOWTIDE_TRY(pass->executor_, runtime::Executor::create(preparation.context, std::move(program), {}, {.slots = 1}));
    LOWTIDE_TRY_VOID(write_persistent(graph, *pass->executor_, tensors));
    return pass;
  }

  // Calls see(pass) after each of the phase's first batches.
  Result<void> run(uint32_t batches, const std::function<Result<void>(ForwardPass&)>& see) {
    const Dataset& dataset = preparation_.dataset;
    LOWTIDE_TRY(const auto queue, BatchQueue::open(dataset, dataset.train, preparation_.batches,
                                                   {.epoch = preparation_.epoch, .index = 0}));
    for (uint32_t i = 0; i < batches; ++i) {
      LOWTIDE_TRY(const Batch batch, queue->next());
      LOWTIDE_TRY_VOID(submit(batch, queue->batches_per_epoch()));
      LOWTIDE_TRY_VOID(see(*this));
    }
    return {};
  }

  const graph::Graph& graph() const { return graph_; }

  double metric(ValueId id) const { return static_cast<double>(floats_of(executor_->output(slot_, id)).at(0)); }
  Result<std::vector<float>> read(ValueId id) {
    std::vector<float> elements(graph_.desc(id).element_count());
    LOWTIDE_TRY_VOID(executor_->read(id, std::as_writable_bytes(std::span(elements))));
    return elements;
  }

 private:
  explicit ForwardPass(const Preparation& preparation) : preparation_(preparation) {}

  Result<void> submit(const Batch& batch, uint64_t batches_per_epoch) {
    LOWTIDE_TRY(slot_, executor_->acquire());
    const std::span<std::byte> images = executor_->input(slot_, images_);
    LOWTIDE_CHECK(images.size() == batch.images.size_bytes(), "a batch of another size than the network's");
    std::memcpy(images.data(), batch.images.data(), images.size());
    const ValueId step_block = graph_.find("step_block");
    if (step_block.is_valid()) {  // some methods' ops read it: the values of the phase's first step
      const StepValues values = step_values(preparation_.phase, batches_per_epoch, 0);
      const shaders::StepBlock block =
          make_step_block(preparation_.phase.optimizer, preparation_.seed, 0, values, batch.valid);
      std::memcpy(executor_->input(slot_, step_block).data(), &block, sizeof(block));
    }
    LOWTIDE_TRY(const runtime::Ticket ticket, executor_->submit(slot_));
    return executor_->wait(ticket);
  }

  Preparation preparation_;
  graph::Graph graph_;
  ValueId images_;
  std::unique_ptr<runtime::Executor> executor_;
  uint32_t slot_ = 0;
};

// The mean over batches of what the calibration graph measures, by parameter.
Result<std::map<std::string, double>> measure(const Preparation& preparation, const std::vector<NamedTensor>& tensors,
                                              const std::vector<std::string>& parameters) {
  const uint32_t batches = preparation.phase.quantization.calibration_batches;
  LOWTIDE_TRY(const auto pass, ForwardPass::create(preparation, NetMode::calibration, false, tensors));
  std::map<std::string, double> out;
  LOWTIDE_TRY_VOID(pass->run(batches, [&](ForwardPass& at) -> Result<void> {
    for (const std::string& parameter : parameters) {
      const ValueId id = at.graph().find(magnitude_name(parameter));
      if (!id.is_valid()) {
        return fail(ErrorCode::unsupported, fmt::format("'{}' cannot be calibrated: a forward pass of the phase's "
                                                        "networks does not meet its layer",
                                                        parameter));
      }
      out[parameter] += at.metric(id) / batches;
    }
    return {};
  }));
  return out;
}

Result<void> set_step(std::vector<NamedTensor>& tensors, const std::string& name, double value) {
  NamedTensor* tensor = find_tensor(tensors, name);
  LOWTIDE_CHECK(tensor != nullptr, "a step without a tensor");
  if (!std::isfinite(value)) {
    return fail(ErrorCode::numeric,
                fmt::format("the start of '{}' is {}: what it is calibrated on is not finite; start from other "
                            "parameters",
                            name, value));
  }
  const float start = std::max(static_cast<float>(value), ops::kMinStep);
  set_floats(*tensor, std::span(&start, 1));
  return {};
}

Result<void> calibrate(const Preparation& preparation, const std::vector<const NetParameter*>& steps,
                       std::vector<NamedTensor>& tensors) {
  std::vector<std::string> activations;
  for (const NetParameter* step : steps) {
    const StepRecord& record = *step->learned;
    if (record.quantizer == StepQuantizer::pact) {
      LOWTIDE_TRY_VOID(set_step(tensors, step->name, preparation.phase.quantization.clip_start));
    } else if (record.latent.empty()) {
      activations.push_back(step->name);
    } else {
      const NamedTensor* latent = find_tensor(tensors, record.latent);
      LOWTIDE_CHECK(latent != nullptr, "a step of weights that are not there");
      LOWTIDE_TRY_VOID(set_step(tensors, step->name, weight_step_start(record, floats_of(latent->bytes))));
    }
  }
  if (activations.empty()) return {};
  LOWTIDE_TRY(const auto magnitudes, measure(preparation, tensors, activations));
  for (const NetParameter* step : steps) {
    const auto at = magnitudes.find(step->name);
    if (at == magnitudes.end()) continue;
    LOWTIDE_TRY_VOID(set_step(tensors, step->name, activation_step_start(*step->learned, at->second)));
  }
  return {};
}

}  // namespace

Result<void> reestimate_norms(const Preparation& preparation, uint32_t batches, std::vector<NamedTensor>& tensors) {
  LOWTIDE_TRY(const auto pass, ForwardPass::create(preparation, NetMode::training, true, tensors));
  std::map<std::string, std::vector<double>> sums;
  for (const ValueId id : pass->graph().with_role(graph::Role::state)) {
    const std::string& name = pass->graph().value(id).name;
    const bool is_running = name.ends_with(".running_mean") || name.ends_with(".running_var");
    if (is_running && !name.starts_with(kTeacherPrefix)) sums[name].assign(pass->graph().desc(id).element_count(), 0.0);
  }
  LOWTIDE_TRY_VOID(pass->run(batches, [&](ForwardPass& at) -> Result<void> {
    for (auto& [name, sum] : sums) {
      LOWTIDE_TRY(const std::vector<float> of_batch, at.read(at.graph().find(name)));
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(of_batch[i]);
    }
    return {};
  }));
  for (const auto& [name, sum] : sums) {
    NamedTensor* tensor = find_tensor(tensors, name);
    LOWTIDE_CHECK(tensor != nullptr, "running statistics without a tensor");
    std::vector<float> mean;
    for (const double s : sum) mean.push_back(static_cast<float>(s / batches));
    set_floats(*tensor, mean);
  }
  return {};
}

Result<void> prepare_phase(const Preparation& preparation, const std::vector<NetParameter>& parameters,
                           const std::set<std::string>& handed_over, std::vector<NamedTensor>& tensors) {
  std::vector<const NetParameter*> steps;
  for (const NetParameter& parameter : parameters) {
    const bool is_fixed = preparation.fixed_teacher != nullptr && parameter.name.starts_with(kTeacherPrefix);
    if (parameter.learned && !is_fixed && !handed_over.contains(parameter.name)) steps.push_back(&parameter);
  }
  LOWTIDE_TRY_VOID(calibrate(preparation, steps, tensors));
  const uint32_t batches = preparation.phase.training.reestimate_norm_batches;
  return batches > 0 ? reestimate_norms(preparation, batches, tensors) : Result<void>();
}

}  // namespace lowtide::trainer
