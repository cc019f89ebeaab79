// SPDX-License-Identifier: Apache-2.0
// Evaluation graph -> graph of packed ops. A transformation of graphs on the host, from the numbers that evaluation
// itself computed:
//   static values   what depends on parameters alone (weight levels, folded batch norm) becomes constants
//   conv2d, linear  of levels with levels become packed ops on codes; so does tap_conv2d, which keeps its scales; of
//   real activations with levels they stay, and the file holds the levels as codes
//   batch norm      behind a packed op alone becomes its affine output
//   add, clip       in front of signs become one op with them
//   quantisers      behind a packed op fold into its thresholds, with batch norm, clips and pools in between; elsewhere
//   they pack f32
// All else stays as it is, in f32. Nothing is rounded anew, so packed inference gives evaluation's bits.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/model/packed_model.hpp"

namespace lowtide::trainer {

// One layer with weights, for the report of `lowtide export` and `inspect`.
struct PackedLayerReport {
  std::string name;
  std::string form;           // "packed_conv2d, shift weights, thresholds", "conv2d f32, coded weights", ...
  uint32_t weight_bits = 32;  // planes; 32: f32
  uint64_t weights = 0;
  uint64_t bytes = 0;        // of its constants in the file
  uint64_t ideal_bytes = 0;  // weights * weight_bits / 8, plus thresholds and scales
};

struct PackedGraph {
  graph::Graph graph;  // batch 1, input "images", metric "logits"
  model::Constants constants;
  model::CodedWeights coded;  // of the constants
  std::vector<PackedLayerReport> layers;
};

// The values whose contents `fold_and_pack` asks for: what dynamic nodes read and what depends on parameters alone.
std::vector<ValueId> static_inputs(const graph::Graph& eval);

// Contents of a static value as elements, f32.
using ReadStatic = std::function<std::vector<float>(ValueId)>;

// `images`: the input; `logits`: the output, f32 [1, classes]. Errors: an op that packed models cannot hold.
Result<PackedGraph> fold_and_pack(const graph::Graph& eval, ValueId images, ValueId logits, const ReadStatic& read);

}  // namespace lowtide::trainer
