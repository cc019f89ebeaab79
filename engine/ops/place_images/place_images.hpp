// SPDX-License-Identifier: Apache-2.0
// place_images: a batch out of 8-bit images that stay on the device, cropped, mirrored and normalised. No gradient.
//   y[i,r,q,c] = table[c, pixel], pixel = image s_i at row r + down_i and column (mirrored_i ? w - 1 - q : q) +
//   right_i, channel c; 0 where that place lies outside the image
// with (s_i, down_i, right_i, mirrored_i) = placements[i], down and right in two's complement: what place_image of
// trainer/data/augment.hpp does on the host, bit for bit.
//
// pixels u32 [words]      bytes [count, h, w, c], four to a word, the first one lowest; the last word is filled up
// placements u32 [n, 4]   each s_i below count
// table f32 [c, 256]      ->  y f32 [n, h, w, c]
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct PlaceImagesOpParams {
  uint32_t h = 1, w = 1;
};

extern const graph::OpInfo kPlaceImagesOp;

Result<ValueId> place_images(graph::Graph& graph, std::string name, ValueId pixels, ValueId placements, ValueId table,
                             const PlaceImagesOpParams& params);

}  // namespace lowtide::ops
