// SPDX-License-Identifier: Apache-2.0
// Analysis of evaluation graphs. A chain folds because every link is monotone in the accumulator: a maximum over pixels
// may be taken before or after a monotone increasing function. Behind the affine that is always so; before it only
// where no multiplier is negative, which the caller checks.
#include "trainer/export/analysis.hpp"

#include <algorithm>

#include "engine/graph/op_info.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/deepshift/deepshift.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize_step/quantize_step.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/ops/sparse_shift/sparse_shift.hpp"

namespace lowtide::trainer {
namespace {

using graph::Graph;
using graph::Node;

bool is_op(const Node& node, std::string_view name) {
  return node.op->name == name;
}

Levels shift_weights(uint32_t bits) {
  return {.activation = {.kind = quant::ActivationKind::shift, .bits = bits},
          .weight = quant::WeightKind::shift,
          .codes = {quant::CodeKind::shift, bits}};
}

// 2^bits levels without a zero. Packed ops multiply shift codes, which all have one, so they need a bit more.
Levels powers(uint32_t bits) {
  Levels levels = shift_weights(bits + 1);
  levels.codes = {quant::CodeKind::powers, bits};
  return levels;
}

// The quantisers, and what their levels are. A new quantiser needs a row here, and nothing else of the exporter.
struct QuantizerRow {
  std::string_view op;
  Levels (*levels_of)(const Node&);
};

Levels odd_levels(const quant::ActivationQuantizer& activation) {
  return {.activation = activation, .codes = {quant::CodeKind::odd_levels, activation.bits}};
}

// Activations are unsigned and have the third input as their inverse step; weights are read as levels.
Levels levels_of_step(const Node& node) {
  const auto params = node.params<ops::QuantizeStepOpParams>();
  Levels levels = {.activation = {.bits = params.bits, .rule = quant::ActivationRule::learned_step},
                   .inverse_step = node.in(2)};
  if (params.levels == ops::StepLevels::signed_levels) levels.weight = quant::WeightKind::signed_levels;
  levels.codes = {static_cast<quant::CodeKind>(levels.weight), params.bits};
  return levels;
}

constexpr QuantizerRow kQuantizers[] = {
    {"deepshift_ps", [](const Node& node) { return shift_weights(node.params<ops::DeepshiftPsOpParams>().bits); }},
    {"deepshift_q", [](const Node& node) { return powers(node.params<ops::DeepshiftQOpParams>().bits); }},
    {"quantize_activations",
     [](const Node& node) {
       return Levels{.activation = {.bits = node.params<ops::QuantizeActivationsOpParams>().bits}};
     }},
    {"quantize_sign", [](const Node&) { return odd_levels({.kind = quant::ActivationKind::signs, .bits = 1}); }},
    {"quantize_step", levels_of_step},
    {"quantize_threshold",
     [](const Node& node) {
       const uint32_t bits = node.params<ops::QuantizeThresholdOpParams>().bits;
       return Levels{.activation = {.kind = quant::ActivationKind::shift, .bits = bits},
                     .weight = quant::WeightKind::shift,
                     .codes = {quant::CodeKind::shift, bits},
                     .thresholds = node.in(1)};
     }},
    {"quantize_weights",
     [](const Node& node) { return odd_levels({.bits = node.params<ops::QuantizeWeightsOpParams>().bits}); }},
    {"sparse_shift", [](const Node& node) { return shift_weights(node.params<ops::SparseShiftOpParams>().bits); }},
};

std::optional<Levels> levels_of_quantizer(const Node& node) {
  for (const QuantizerRow& row : kQuantizers) {
    if (is_op(node, row.op)) return row.levels_of(node);
  }
  return std::nullopt;
}

// Levels of a quantiser that codes can hold. 16 bits are for training alone; what depends on the image is no constant.
std::optional<Levels> packable_levels(const ExportAnalysis& analysis, const Node& node) {
  const std::optional<Levels> found = levels_of_quantizer(node);
  if (!found || !quant::has_bits(found->activation.kind, found->activation.bits)) return std::nullopt;
  for (const ValueId id : {found->inverse_step, found->thresholds}) {
    if (id.is_valid() && analysis.is_dynamic[id.index]) return std::nullopt;
  }
  return found;
}

// Levels at rest are those of parameters.
std::optional<quant::WeightCodes> codes_at_rest(const Node& node, bool is_dynamic) {
  const std::optional<Levels> found = levels_of_quantizer(node);
  if (is_dynamic || !found || !quant::is_valid(found->codes)) return std::nullopt;
  return found->codes;
}

// Ops that pass levels on as they are.
bool keeps_levels(const Node& node) {
  return is_op(node, "reshape") || is_op(node, "max_pool2d") || is_op(node, "detach");
}

}  // namespace

ExportAnalysis::ExportAnalysis(const Graph& graph)
    : is_dynamic(graph.values().size()),
      levels(graph.values().size()),
      codes(graph.values().size()),
      readers(graph.values().size()),
      producer(graph.values().size()) {
  for (size_t i = 0; i < is_dynamic.size(); ++i) is_dynamic[i] = graph.values()[i].role == graph::Role::input;
  for (const Node& node : graph.nodes()) {
    const bool dynamic =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return is_dynamic[id.index]; });
    for (const ValueId id : node.inputs) ++readers[id.index];
    for (const ValueId id : node.outputs) {
      is_dynamic[id.index] = dynamic;
      producer[id.index] = &node;
    }
    levels[node.out().index] = packable_levels(*this, node);
    codes[node.out().index] = codes_at_rest(node, dynamic);
    if (!keeps_levels(node)) continue;
    levels[node.out().index] = levels[node.in(0).index];
    codes[node.out().index] = codes[node.in(0).index];
  }
}

bool ExportAnalysis::is_quantizer(const Node& node) const {
  return levels_of_quantizer(node).has_value() && levels[node.out().index].has_value();
}

bool has_weights(const Node& node) {
  return is_op(node, "conv2d") || is_op(node, "linear") || is_op(node, "tap_conv2d");
}

WeightForm weight_form(const Graph& graph, const ExportAnalysis& analysis, const Node& node, const Shape& x) {
  const Shape& shape = graph.desc(node.in(1)).shape;
  const uint64_t count = shape.element_count();
  if (!multiplies_levels(analysis, node)) {
    const std::optional<quant::WeightCodes>& codes = analysis.codes[node.in(1).index];
    if (!codes) return {.bytes = 4 * count};
    return {.codes = codes, .bits = codes->bits, .bytes = 4 * quant::coded_shape(count, *codes).element_count()};
  }
  const Levels& levels = *analysis.levels[node.in(1).index];
  quant::PackedWeightExtents extents = {
      .k = shape[0], .taps = 1, .c = shape.last(), .bits = levels.activation.bits, .kind = levels.weight};
  if (!is_op(node, "linear")) {
    extents.taps = shape[1] * shape[2];
  } else if (x.rank() == 4) {
    extents.taps = x[1] * x[2];
    extents.c = x[3];
  }
  return {.product = extents, .bits = extents.bits, .bytes = 4 * extents.words()};
}

Shape codes_shape(const Graph& graph, const ExportAnalysis& analysis, ValueId id) {
  const auto is_reshape = [](const Node* node) { return node != nullptr && is_op(*node, "reshape"); };
  while (is_reshape(analysis.producer[id.index])) id = analysis.producer[id.index]->in(0);
  const Node* quantizer = analysis.producer[id.index];
  if (quantizer == nullptr || !analysis.is_quantizer(*quantizer)) return graph.desc(id).shape;
  const std::optional<FoldChain> chain = find_chain(graph, analysis, *quantizer);
  if (!chain) return graph.desc(id).shape;
  const auto reshape = std::find_if(chain->absorbed.begin(), chain->absorbed.end(), is_reshape);
  return graph.desc(reshape == chain->absorbed.end() ? id : (*reshape)->in(0)).shape;
}

bool multiplies_levels(const ExportAnalysis& analysis, const Node& node) {
  if (!has_weights(node)) return false;
  const ValueId x = node.in(0), w = node.in(1);
  return analysis.is_dynamic[x.index] && !analysis.is_dynamic[w.index] && analysis.levels[x.index] &&
         analysis.levels[w.index];
}

std::optional<FoldChain> find_chain(const Graph& graph, const ExportAnalysis& analysis, const Node& quantizer) {
  FoldChain chain;
  ValueId at = quantizer.in(0);
  for (;;) {
    const Node* node = analysis.producer[at.index];
    if (node == nullptr || analysis.readers[at.index] != 1) return std::nullopt;
    if (graph.value(at).role != graph::Role::activation) return std::nullopt;
    if (multiplies_levels(analysis, *node) && !is_op(*node, "tap_conv2d")) {  // taps have no common accumulator
      chain.root = node;
    } else if (is_op(*node, "max_pool2d")) {
      (chain.affine == nullptr ? chain.pools_after : chain.pools_before).push_back(node);
    } else if (is_op(*node, "affine") && chain.affine == nullptr) {
      chain.affine = node;
    } else if (is_op(*node, "relu") && chain.affine == nullptr) {
      chain.clip_lo = std::max(chain.clip_lo, 0.0f);
    } else if (is_op(*node, "clip") && chain.affine == nullptr && chain.clip_lo == -INFINITY &&
               chain.clip_hi == INFINITY) {
      chain.clip_lo = node->params<ops::ClipOpParams>().lo;
      chain.clip_hi = node->params<ops::ClipOpParams>().hi;
    } else if (!is_op(*node, "reshape")) {
      return std::nullopt;
    }
    chain.absorbed.push_back(node);
    if (chain.root != nullptr) break;
    at = node->in(0);
  }
  if (chain.affine == nullptr) std::swap(chain.pools_before, chain.pools_after);
  std::reverse(chain.pools_before.begin(), chain.pools_before.end());
  std::reverse(chain.pools_after.begin(), chain.pools_after.end());
  return chain;
}

}  // namespace lowtide::trainer
