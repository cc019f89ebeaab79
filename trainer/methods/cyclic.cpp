// SPDX-License-Identifier: Apache-2.0
// [cyclic] as phases.
#include "trainer/methods/cyclic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/methods/step_phases.hpp"

namespace lowtide::trainer {
namespace {

// Where activations change their convention, from DoReFa's to signs or back, running statistics are measured anew.
constexpr uint32_t kReestimatedBatches = 100;

class Chain {
 public:
  Chain(const Phase& target, const CyclicOptions& options) : target_(target), options_(options) {}

  std::vector<Phase> take() { return std::move(phases_); }

  void pretrain() {
    if (!options_.pretrained.empty()) return;
    add(full_precision(options_.pretrain_epochs, target_.schedule.rate));
  }

  void whole_cycle(uint32_t cycle) {
    if (cycle > 1) accurate(0, cycle);
    for (size_t i = 0; i < options_.bits.size(); ++i) low(i, cycle);
  }

  void pairs(size_t index) {
    low(index, 1);
    for (uint32_t cycle = 2; cycle <= options_.cycles; ++cycle) {
      accurate(index, cycle);
      low(index, cycle);
    }
  }

  // The chain so far, but what was there before it, as one step.
  void collapse(size_t first) {
    uint32_t epochs = 0;
    for (size_t i = first; i < phases_.size(); ++i) epochs += phases_[i].training.epochs;
    phases_.resize(first);
    Phase step = at(options_.bits.size() - 1);
    step.training.epochs = epochs;
    step.name = "one step, " + bits_name(options_.bits.back());
    add(std::move(step));
  }

  size_t size() const { return phases_.size(); }

 private:
  Phase full_precision(std::optional<uint32_t> epochs, double rate) const {
    // Of the network that is to follow: with signs far away, activations are what DoReFa will clip.
    const Phase next = phase_at_bits(target_, Sides::both, options_.bits.front());
    Phase phase = phase_at_bits(next, Sides::both, kFloatBits);
    phase.training.epochs = epochs.value_or(target_.training.epochs);
    phase.schedule.rate = rate;
    return phase;
  }

  Phase at(size_t index) const {
    const uint32_t bits = options_.bits[index];
    Phase phase = phase_at_bits(target_, Sides::both, bits);
    phase.training.epochs = entry_of(options_.epochs, index, target_.training.epochs);
    phase.schedule.rate = entry_of(options_.rates, index, target_.schedule.rate);
    if (bits == 1) phase.optimizer.weight_decay = options_.weight_decay_one_bit;
    return phase;
  }

  // The accurate network of entry `index`.
  void accurate(size_t index, uint32_t cycle) {
    const double rate = options_.accurate_rate.value_or(target_.schedule.rate);
    Phase phase = full_precision(options_.accurate_epochs, rate);
    if (index > 0) {
      phase = at(index - 1);
      phase.training.epochs = options_.accurate_epochs.value_or(target_.training.epochs);
      phase.schedule.rate = rate;
    }
    phase.name += " (accurate)";
    add_to_cycle(std::move(phase), cycle);
  }

  void low(size_t index, uint32_t cycle) { add_to_cycle(at(index), cycle); }

  void add_to_cycle(Phase phase, uint32_t cycle) {
    phase.cycle = cycle;
    phase.name = fmt::format("cycle {}, {}", cycle, phase.name);
    add(std::move(phase));
  }

  void add(Phase phase) {
    phase.initialize_from = "previous";
    if (phases_.empty()) phase.initialize_from = options_.pretrained.empty() ? "fresh" : options_.pretrained;
    const bool has_other_levels =
        !phases_.empty() && phases_.back().quantization.activation_quantizer != phase.quantization.activation_quantizer;
    uint32_t& batches = phase.training.reestimate_norm_batches;
    if (has_other_levels && batches == 0) batches = kReestimatedBatches;
    phases_.push_back(std::move(phase));
  }

  const Phase& target_;
  const CyclicOptions& options_;
  std::vector<Phase> phases_;
};

}  // namespace

void check_cyclic(const Phase& target, const CyclicOptions& options, std::vector<std::string>& out) {
  check_bit_list("cyclic.bits", options.bits, target.quantization, Sides::both, out);
  check_list_length("cyclic.epochs", options.epochs.size(), "cyclic.bits", options.bits.size(), out);
  check_list_length("cyclic.rates", options.rates.size(), "cyclic.bits", options.bits.size(), out);
  if (std::find(options.bits.begin(), options.bits.end(), kFloatBits) != options.bits.end()) {
    out.push_back("cyclic.bits lists quantised networks, but holds 32; the full-precision one is the head by itself");
  }
  if (!options.pretrained.empty() && options.pretrain_epochs) {
    out.push_back(
        fmt::format("cyclic.pretrained = \"{}\" is trained already, but cyclic.pretrain_epochs is {}; give one of them",
                    options.pretrained, *options.pretrain_epochs));
  }
  if (options.pretrained == "fresh" || options.pretrained == "previous" || options.pretrained == "continue") {
    out.push_back(fmt::format("cyclic.pretrained is the path of a checkpoint, found \"{}\"", options.pretrained));
  }
}

std::vector<Phase> cyclic_phases(const Phase& target, const CyclicOptions& options) {
  Chain chain(target, options);
  chain.pretrain();
  const size_t first = chain.size();
  if (options.head == CycleHead::full_precision) {
    for (uint32_t cycle = 1; cycle <= options.cycles; ++cycle) chain.whole_cycle(cycle);
  } else {
    for (size_t i = 0; i < options.bits.size(); ++i) chain.pairs(i);
  }
  if (options.one_step) chain.collapse(first);
  return chain.take();
}

}  // namespace lowtide::trainer
