// SPDX-License-Identifier: Apache-2.0
// pooled_signs: y = min(max(max_pool2d(x), lo), hi) and, packed, its signs (y >= 0), in one pass: max_pool2d, clip or
// relu and pack of a packed model's first layers. Made by engine/infer/fuse_epilogues.hpp; model files do not hold it.
//
// x [n,h,w,c]  y [n,oh,ow,c] f32  codes [n,oh,ow,c] b1; window and extents as max_pool2d, at most 64 pixels a window.
// No gradient.
#pragma once

#include <cmath>
#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/ops/pool2d/pool2d.hpp"

namespace lowtide::ops {

struct PooledSignsOpParams {
  Pool2dOpParams pool;
  float lo = -INFINITY, hi = INFINITY;
};

inline constexpr uint32_t kMostPooledPixels = 64;  // the tuned kernel unrolls the window

extern const graph::OpInfo kPooledSignsOp;  // x -> y, codes

}  // namespace lowtide::ops
