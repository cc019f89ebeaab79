// SPDX-License-Identifier: Apache-2.0
// Feature maps and distances.
#include "trainer/methods/guided_losses.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/ops/add/add.hpp"
#include "engine/ops/detach/detach.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/kl_divergence/kl_divergence.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/scale/scale.hpp"
#include "trainer/nets/expansion.hpp"
#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {
namespace {

using graph::Graph;

Result<ValueId> scaled_by(Graph& graph, const std::string& name, ValueId x, float factor) {
  LOWTIDE_TRY(const ValueId s, ops::fill(graph, name + "/factor", f32_desc(Shape{}), factor));
  return ops::scale(graph, name, x, s);
}

// value * step * scale.
Result<ValueId> real_value(Graph& graph, const std::string& name, const LayerOperand& operand) {
  ValueId value = operand.value;
  if (operand.step != 1.0f) {
    LOWTIDE_TRY(value, scaled_by(graph, name + "/step", value, operand.step));
  }
  return operand.scale.is_valid() ? ops::scale(graph, name + "/scale", value, operand.scale) : Result<ValueId>(value);
}

// Mean squared error or divergence of one tensor from a constant.
Result<ValueId> distance(Graph& graph, const std::string& name, const GuidanceOptions& guidance, ValueId own,
                         ValueId other) {
  if (graph.desc(own) != graph.desc(other)) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("guidance '{}' compares '{}' {} with '{}' {}; choose networks, or hint_layers, of one shape", name,
                    graph.value(own).name, to_string(graph.desc(own)), graph.value(other).name,
                    to_string(graph.desc(other))));
  }
  LOWTIDE_TRY(const ValueId constant, ops::detach(graph, name + "/constant", other));
  const bool is_divergence = guidance.kind == GuidanceKind::mutual_kl || guidance.kind == GuidanceKind::distillation;
  if (!is_divergence) return ops::mse(graph, name, own, constant);
  return ops::kl_divergence(graph, name, own, constant, static_cast<float>(loss_weights(guidance).temperature));
}

}  // namespace

std::vector<std::string> hint_places(const GuidanceOptions& guidance, const std::vector<NetPlace>& places) {
  if (guidance.kind != GuidanceKind::hint) return {};
  std::vector<std::string> names = guidance.hint_layers;
  if (!names.empty()) return names;
  constexpr size_t kDefault = 2;
  for (size_t i = places.size() - std::min(kDefault, places.size()); i < places.size(); ++i) {
    names.push_back(places[i].name);
  }
  return names;
}

Result<std::vector<ValueId>> hint_maps(NetContext& net, const std::string& name, std::span<const std::string> places,
                                       const QuantizationOptions& quantization) {
  std::vector<ValueId> maps;
  for (const std::string& place : places) {
    const auto found = std::find_if(net.places().begin(), net.places().end(),
                                    [&](const NetPlace& candidate) { return candidate.name == place; });
    if (found == net.places().end()) {
      std::vector<std::string> names;
      for (const NetPlace& candidate : net.places()) names.push_back(candidate.name);
      return fail(ErrorCode::not_found, fmt::format("the network {} has no place '{}' for a hint; its places are {}",
                                                    net.network().name, place, fmt::join(names, ", ")));
    }
    const std::string node = fmt::format("{}/{}", name, place);
    const LayerPrecision precision = layer_precision(quantization, place, LayerPosition::inner);
    const LayerInput map = merged_input(net, node, found->signal, precision);
    if (net.error()) return tl::unexpected(*net.error());
    LOWTIDE_TRY(const ValueId real, real_value(net.graph(), node, map.main));
    maps.push_back(real);
  }
  return maps;
}

Result<ValueId> match_loss(Graph& graph, const std::string& name, const GuidanceOptions& guidance,
                           const GuidedSignals& own, const GuidedSignals& other) {
  if (guidance.kind != GuidanceKind::hint) return distance(graph, name, guidance, own.logits, other.logits);
  ValueId sum;
  for (size_t i = 0; i < own.maps.size(); ++i) {
    const std::string node = own.maps.size() == 1 ? name : fmt::format("{}/{}", name, i);
    LOWTIDE_TRY(const ValueId term, distance(graph, node, guidance, own.maps[i], other.maps[i]));
    if (!sum.is_valid()) {
      sum = term;
      continue;
    }
    LOWTIDE_TRY(sum, ops::add(graph, name, sum, term));
  }
  return sum;
}

Result<ValueId> mean_of(Graph& graph, const std::string& name, std::span<const ValueId> terms) {
  ValueId sum = terms.front();
  for (size_t i = 1; i < terms.size(); ++i) {
    LOWTIDE_TRY(sum, ops::add(graph, fmt::format("{}/sum{}", name, i), sum, terms[i]));
  }
  return terms.size() == 1 ? Result<ValueId>(sum)
                           : scaled_by(graph, name, sum, 1.0f / static_cast<float>(terms.size()));
}

}  // namespace lowtide::trainer
