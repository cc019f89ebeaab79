// SPDX-License-Identifier: Apache-2.0
// The matching terms of guided training as nodes. Private to the training step.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/methods/guided.hpp"

namespace lowtide::trainer {

// What one network shows another.
struct GuidedSignals {
  ValueId logits;             // [n, classes]
  std::vector<ValueId> maps;  // hint: one for each place, real numbers
};

// The places of a recipe's hint: what it names, else the last two of the network. Empty for kinds that compare logits.
std::vector<std::string> hint_places(const GuidanceOptions& guidance, const std::vector<NetPlace>& places);

// The feature maps of a network that was just built, its context still open, each behind the activation quantiser that
// `quantization` gives to the place, and with EXP-Net's branch merged, as the next layer sees it; of halves side by
// side the one that stays. Error: a place that the network does not have.
Result<std::vector<ValueId>> hint_maps(NetContext& net, const std::string& name, std::span<const std::string> places,
                                       const QuantizationOptions& quantization);

// D(own, sg(other)), f32 []: a gradient reaches `own` only. Error: maps or logits of different shapes.
Result<ValueId> match_loss(graph::Graph& graph, const std::string& name, const GuidanceOptions& guidance,
                           const GuidedSignals& own, const GuidedSignals& other);

// The mean of scalars.
Result<ValueId> mean_of(graph::Graph& graph, const std::string& name, std::span<const ValueId> terms);

}  // namespace lowtide::trainer
