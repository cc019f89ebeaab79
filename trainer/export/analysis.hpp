// SPDX-License-Identifier: Apache-2.0
// What the exporter must know of an evaluation graph before it rewrites it: which values depend on the image, which
// hold levels, who reads what.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::trainer {

// What the output of a quantiser means, on whichever side of a multiplication it stands.
struct Levels {
  quant::ActivationQuantizer activation = {};                // as activations; the values below complete it
  quant::WeightKind weight = quant::WeightKind::odd_levels;  // as weights, of activation.bits bits
  ValueId inverse_step = {};                                 // of the rule learned_step: f32 [], static
  ValueId thresholds = {};  // of shift levels that have them as a value: f32 [q], static
};

struct ExportAnalysis {
  std::vector<bool> is_dynamic;               // by value: depends on an input
  std::vector<std::optional<Levels>> levels;  // by value: it holds levels that can be packed
  std::vector<uint32_t> readers;              // by value: how many node inputs name it
  std::vector<const graph::Node*> producer;   // by value; nullptr without one

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

// Whether the node is a conv2d, tap_conv2d or linear whose both operands are levels: one that becomes a packed op.
bool multiplies_levels(const ExportAnalysis& analysis, const graph::Node& node);

}  // namespace lowtide::trainer
