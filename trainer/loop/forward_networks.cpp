// SPDX-License-Identifier: Apache-2.0
// Networks one after the other; feature maps are made while a network's context is open.
#include "trainer/loop/forward_networks.hpp"

#include <string>
#include <utility>

#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

// What the others see of a network that was just built.
Result<void> add_signals(NetContext& net, const GuidanceOptions& guidance, const std::vector<std::string>& places,
                         const std::vector<ForwardNetwork>& networks, ForwardNetwork& network) {
  const QuantizationOptions& own = network.description.phase.quantization;
  if (!network.description.is_teacher) {
    LOWTIDE_TRY(auto maps, hint_maps(net, "hint", places, own));
    network.signals.push_back({network.logits, std::move(maps)});
    return {};
  }
  for (const ForwardNetwork& other : networks) {
    if (other.description.is_teacher) continue;
    const std::string name = "hint" + std::to_string(network.signals.size() + 1);
    const QuantizationOptions& student = other.description.phase.quantization;
    LOWTIDE_TRY(auto maps, hint_maps(net, name, places, guidance.hint_quantized ? student : own));
    network.signals.push_back({network.logits, std::move(maps)});
  }
  return {};
}

}  // namespace

Result<std::vector<ForwardNetwork>> add_networks(graph::Graph& graph, NetMode mode, const Phase& phase,
                                                 const Phase* fixed_teacher, ValueId images, uint32_t classes) {
  std::vector<ForwardNetwork> networks;
  for (GuidedNetwork& description : guided_networks(phase, fixed_teacher)) {
    networks.push_back({.description = std::move(description)});
  }
  std::vector<std::string> places;
  for (ForwardNetwork& network : networks) {
    const GuidedNetwork& description = network.description;
    const bool is_own = description.scope.prefix.empty();
    NetContext net(graph, description.scope.is_frozen ? NetMode::evaluation : mode, description.phase,
                   description.scope);
    LOWTIDE_TRY(network.logits, build_network(net, images, classes));
    if (is_own) places = hint_places(phase.guidance, net.places());
    if (is_guided(phase)) LOWTIDE_TRY_VOID(add_signals(net, phase.guidance, places, networks, network));
    network.layers = net.layers();
    network.norm_updates = net.norm_updates();
    network.parameters = net.parameters();
    for (NetParameter& parameter : network.parameters) {
      if (!is_own) parameter.hand_over = guided_hand_over(description, phase, parameter.hand_over);
    }
  }
  return networks;
}

}  // namespace lowtide::trainer
