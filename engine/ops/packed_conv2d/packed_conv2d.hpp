// SPDX-License-Identifier: Apache-2.0
// packed_conv2d: conv2d on packed codes, for inference. The accumulator is the exact integer
//   acc[n,oy,ox,k] = sum over the taps inside x and over c of activation_level(x) * (2 q - (2^bits - 1))
// with q the code of the weight: the same integer that conv2d computes in f32 from levels. A tap outside x contributes
// nothing, also for signs (zero padding means the value 0, which is neither -1 nor +1).
//
// x  [n,h,w,c]  b1 .. b8, codes of `activation`    w  u32 [words] of k filters, dense, quant/pack.hpp
// |acc| must stay below 2^24: c/groups * r * s * (2^a - 1) * (2^b - 1) < 2^24, checked by the shape rule.
//
// Further inputs and the output, by `output`:
//   codes        thresholds i32 [2^output_bits, k] (quant/fold.hpp)  ->  y [n,oh,ow,k] packed, output_bits planes
//   affine       multiplier f32 [k], offset f32 [k]                  ->  y f32 = (acc * output_scale) * multiplier +
//   offset accumulator  -                                                   ->  y f32 = acc * output_scale
//   tap_scaled   tap_scale f32 [r*s]                                 ->  y f32 = output_scale *
//                (((0 + tap_scale_0 * acc_0) + tap_scale_1 * acc_1) + ..), acc_t the part of acc that tap t adds, in
//                row-major order of taps: tap_conv2d of the levels
// Each f32 operation is rounded on its own, as in conv2d followed by affine.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::ops {

enum class PackedOutput : uint32_t { codes, affine, accumulator, tap_scaled };

struct PackedConv2dOpParams {
  quant::ActivationKind activation = quant::ActivationKind::signs;  // what the codes of x mean; signs need b1
  quant::WeightKind weight = quant::WeightKind::odd_levels;         // what the codes of w mean
  uint32_t weight_bits = 1;                                         // planes of w, as many as its kind may have
  uint32_t output_channels = 0;                                     // k
  PackedOutput output = PackedOutput::codes;
  quant::ActivationKind output_activation = quant::ActivationKind::unsigned_levels;  // codes: what those of y mean
  uint32_t output_bits = 1;   // codes: planes of y, as many as its kind may have
  float output_scale = 1.0f;  // not of codes
  uint32_t kernel_h = 1, kernel_w = 1;
  uint32_t stride_h = 1, stride_w = 1;
  uint32_t pad_h = 0, pad_w = 0;  // on both sides
  uint32_t dilation_h = 1, dilation_w = 1;
  uint32_t groups = 1;
};

// packed_conv2d_residual: y = min(max(that affine output + shortcut, lo), hi) and its signs (y >= 0), packed: an affine
// packed_conv2d and the residual_signs behind it, each f32 operation rounded as theirs. Made by
// engine/infer/fuse_epilogues.hpp; model files do not hold it.
struct PackedConv2dResidualOpParams {
  PackedConv2dOpParams conv;  // output affine
  float lo = -1, hi = 1;
};

extern const graph::OpInfo kPackedConv2dOp;
// x, w, multiplier [k], offset [k], shortcut [n,oh,ow,k] -> y [n,oh,ow,k] f32, codes [n,oh,ow,k] b1
extern const graph::OpInfo kPackedConv2dResidualOp;

// Whether a tuned kernel of packed_conv2d_residual takes the place of a packed_conv2d of the graph.
bool fuses_residual(const graph::Node& packed_conv2d, const graph::Graph& graph, const graph::LowerTarget& target);

// `further`: the inputs that `params.output` asks for, in order.
Result<ValueId> packed_conv2d(graph::Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedConv2dOpParams& params);

}  // namespace lowtide::ops
