// SPDX-License-Identifier: Apache-2.0
// What a session does to a model's graph where its images are 8-bit pixels: the input becomes the bytes themselves, and
// what reads it reads them. A model file stays as it is: it says what is computed from f32 images, and a session that
// is given such plans the graph as it is. The logits are the same bit for bit.
#pragma once

#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/model/packed_model.hpp"

namespace lowtide::infer {

// table[channel, pixel], f32 [c, 256]: (pixel / 255 - mean) / deviation in double, rounded once to f32: bit for bit
// what training feeds the network.
std::vector<float> make_pixel_table(const model::ModelInfo& info);

struct PixelGraph {
  // A constant that the model file does not hold.
  struct Made {
    ValueId id;
    std::vector<float> elements;
  };
  graph::Graph graph;  // its input `images` is u8 [n,h,w,c]
  std::vector<Made> made;
};

// `graph`: of PackedModel::make_graph, fused or not.
//   pack, packed_conv2d  -> packed_pixels, where each pixel is its own code: 8-bit unsigned levels of images in [0, 1].
//                           The codes of all 256 pixels of a channel are computed here as pack computes them.
//   conv2d_affine        -> reads pixels and the table itself; and so does conv2d, with factors 1 and offsets -0 that
//                           change no bit, where the device runs it with a kernel that can
//   others               -> read normalize_pixels of the images, which looks their values up in the table
Result<PixelGraph> read_pixels(const graph::Graph& graph, const model::PackedModel& model,
                               const graph::LowerTarget& target);

}  // namespace lowtide::infer
