// SPDX-License-Identifier: Apache-2.0
// What the exporter must know of an evaluation graph before it rewrites it: which values depend on the image, which
// hold levels, who reads what.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/quant/pack.hpp"
#include "engine/quant/quantizer.hpp"
#include "engine/quant/weight_codes.hpp"

namespace lowtide::trainer {

// What the output of a quantiser means, on whichever side of a multiplication it stands.
struct Levels {
  quant::ActivationQuantizer activation = {};                // as activations; the values below complete it
  quant::WeightKind weight = quant::WeightKind::odd_levels;  // as weights of packed ops, of activation.bits bits
  quant::WeightCodes codes = {};                             // as weights at rest
  ValueId inverse_step = {};                                 // of the rule learned_step: f32 [], static
  ValueId thresholds = {};  // of shift levels that have them as a value: f32 [q], static
};

struct ExportAnalysis {
  std::vector<bool> is_dynamic;                          // by value: depends on an input
  std::vector<std::optional<Levels>> levels;             // by value: it holds levels that packed ops can multiply
  std::vector<std::optional<quant::WeightCodes>> codes;  // by value: the levels that it holds have codes at rest
  std::vector<uint32_t> readers;                         // by value: how many node inputs name it
  std::vector<const graph::Node*> producer;              // by value; nullptr without one

  explicit ExportAnalysis(const graph::Graph& graph);

  // Whether the node is a quantiser (a row of the table in analysis.cpp says so) whose levels can be packed: they have
  // 1 to 8 bits, and its step or thresholds do not depend on the image.
  bool is_quantizer(const graph::Node& node) const;
};

// What lies between the accumulator of a convolution and a quantiser that folds into it. All values in between have one
// reader.
struct FoldChain {
  const graph::Node* root = nullptr;              // conv2d or linear of levels with levels
  const graph::Node* affine = nullptr;            // batch norm, or nullptr
  float clip_lo = -INFINITY, clip_hi = INFINITY;  // of clips and relus behind it
  std::vector<const graph::Node*> pools_before;   // max pools of the accumulator, in order
  std::vector<const graph::Node*> pools_after;    // max pools of what the affine gives, in order
  std::vector<const graph::Node*> absorbed;       // every node but the quantiser
};

// The chain that ends in the quantiser; none when something in between does not fold.
std::optional<FoldChain> find_chain(const graph::Graph& graph, const ExportAnalysis& analysis,
                                    const graph::Node& quantizer);

// Whether the node is a conv2d, tap_conv2d or linear.
bool has_weights(const graph::Node& node);

// Whether its both operands are levels: one that becomes a packed op.
bool multiplies_levels(const ExportAnalysis& analysis, const graph::Node& node);

// How a packed model holds the weights of such a node, [k, taps, c].
struct WeightForm {
  std::optional<quant::PackedWeightExtents> product;  // of a packed op
  std::optional<quant::WeightCodes> codes;            // else: levels at rest, if the weights are levels
  uint32_t bits = 32;                                 // of one weight, 32: f32
  uint64_t bytes = 0;                                 // of the tensor in the file
};
// `x`: shape of the input's codes, which keep the pixels that a reshape in front of a linear layer joins.
WeightForm weight_form(const graph::Graph& graph, const ExportAnalysis& analysis, const graph::Node& node,
                       const Shape& x);

// The shape that the codes of a value have in the packed model, if it has any.
Shape codes_shape(const graph::Graph& graph, const ExportAnalysis& analysis, ValueId id);

}  // namespace lowtide::trainer
