// SPDX-License-Identifier: Apache-2.0
// normalize_pixels: y = table[channel, x]: 8-bit pixels become the reals that a network was trained on, by look-up, so
// that a device's arithmetic has no part in it. No gradient: it exists for inference. Made by
// engine/infer/read_pixels.hpp; model files do not hold it.
//
// x [n,h,w,c] u8  table [c,256] f32  y [n,h,w,c] f32
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

inline constexpr uint32_t kPixelValues = 256;

extern const graph::OpInfo kNormalizePixelsOp;

Result<ValueId> normalize_pixels(graph::Graph& graph, std::string name, ValueId x, ValueId table);

}  // namespace lowtide::ops
