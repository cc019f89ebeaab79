// SPDX-License-Identifier: Apache-2.0
// The keys, ranges and words of the sections that methods add to a recipe; otherwise as recipe_keys.hpp. Private to the
// recipe's own files.
#pragma once

#include <array>

#include "trainer/methods/staging.hpp"
#include "trainer/recipe_keys.hpp"

namespace lowtide::trainer {

inline constexpr WholeRange kStageEpochs = {1, 1000000};
inline constexpr RealRange kStageRate = {0, 1e3};

constexpr auto words_of(StageOrder) {
  return std::array{Word<StageOrder>{StageOrder::weights_first, "weights_first"},
                    Word<StageOrder>{StageOrder::activations_first, "activations_first"}};
}
constexpr auto words_of(StageActivation) {
  return std::array{Word<StageActivation>{StageActivation::clip, "clip"},
                    Word<StageActivation>{StageActivation::plain, "plain"}};
}
constexpr auto words_of(StagedSteps) {
  return std::array{Word<StagedSteps>{StagedSteps::last, "last"}, Word<StagedSteps>{StagedSteps::every, "every"},
                    Word<StagedSteps>{StagedSteps::none, "none"}};
}
constexpr auto words_of(Sides) {
  return std::array{Word<Sides>{Sides::both, "both"}, Word<Sides>{Sides::weights, "weights"},
                    Word<Sides>{Sides::activations, "activations"}};
}
constexpr auto words_of(CycleHead) {
  return std::array{Word<CycleHead>{CycleHead::full_precision, "full_precision"},
                    Word<CycleHead>{CycleHead::next_bit, "next_bit"}};
}

template <class V>
void describe(V& v, TwoStageOptions& o) {
  v.key("order", o.order);
  v.key("stage1_activation", o.stage1_activation);
  v.key("first_epochs", o.first_epochs, kStageEpochs);
  v.key("first_rate", o.first_rate, kStageRate);
  v.key("initialize_from", o.initialize_from);
}

template <class V>
void describe(V& v, ProgressiveOptions& o) {
  v.bits("bits", o.bits);
  v.key("apply", o.apply);
  v.numbers("epochs", o.epochs, kStageEpochs);
  v.numbers("rates", o.rates, kStageRate);
  v.key("two_stage", o.two_stage);
  v.key("initialize_from", o.initialize_from);
}

template <class V>
void describe(V& v, CyclicOptions& o) {
  v.bits("bits", o.bits);
  v.key("cycles", o.cycles, WholeRange{1, 1000});
  v.key("head", o.head);
  v.numbers("epochs", o.epochs, kStageEpochs);
  v.numbers("rates", o.rates, kStageRate);
  v.key("accurate_epochs", o.accurate_epochs, kStageEpochs);
  v.key("accurate_rate", o.accurate_rate, kStageRate);
  v.key("pretrained", o.pretrained);
  v.key("pretrain_epochs", o.pretrain_epochs, kStageEpochs);
  v.key("weight_decay_one_bit", o.weight_decay_one_bit, RealRange{0, 1});
  v.key("one_step", o.one_step);
}

// The sections that become phases when a recipe is read.
template <class V>
void describe_staging(V& v, Staging& o) {
  v.section("two_stage", o.two_stage);
  v.section("progressive", o.progressive);
  v.section("cyclic", o.cyclic);
}

}  // namespace lowtide::trainer
