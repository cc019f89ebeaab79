// SPDX-License-Identifier: Apache-2.0
// packed_pixels: packed_conv2d of 8-bit unsigned codes that are an image's bytes, for inference: the same accumulators
//   acc[n,oy,ox,k] = sum over the taps inside x and over c of x * w
// from bytes side by side instead of bit planes, and from levels of weights instead of their codes. One group, dilation
// 1. Made by engine/infer/read_pixels.hpp, whose packed_conv2d keeps |acc| below 2^24; model files do not hold it.
//
// x [n,h,w,c] u8    w f32 [r*s*c, k rounded up to a multiple of 32], integers, zero behind channel k
// Further inputs and the output, by `output`, as in packed_conv2d:
//   codes    thresholds i32 [levels of y, k]    ->  y [n,oh,ow,k] packed, output_bits planes
//   affine   multiplier f32 [k], offset f32 [k] ->  y f32 = (acc * output_scale) * multiplier + offset, each rounded
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"

namespace lowtide::ops {

struct PackedPixelsOpParams {
  PackedOutput output = PackedOutput::codes;
  quant::ActivationKind output_activation = quant::ActivationKind::unsigned_levels;
  uint32_t output_bits = 1;
  float output_scale = 1.0f;
  uint32_t kernel_h = 1, kernel_w = 1;
  uint32_t stride_h = 1, stride_w = 1;
  uint32_t pad_h = 0, pad_w = 0;
};

extern const graph::OpInfo kPackedPixelsOp;

// Elements of x under the kernel that the tuned kernel takes.
inline constexpr uint32_t kMostHeldPixels = 288;

Result<ValueId> packed_pixels(graph::Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedPixelsOpParams& params);

}  // namespace lowtide::ops
