// SPDX-License-Identifier: Apache-2.0
// Reference of packed layers: codes are turned back into levels and multiplied one by one, in 64-bit integers. f32
// outputs are computed in f32, operation by operation, because that is how they are defined.
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"

#include <algorithm>

#include "engine/base/ints.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

using ops::PackedConv2dOpParams;
using ops::PackedOutput;

struct Layer {
  PackedConv2dOpParams params;
  size_t n = 0, h = 1, w = 1, c = 0, oh = 1, ow = 1, k = 0;
  uint32_t x_bits = 0;
  quant::PackedWeightExtents weights;
};

int64_t weight(const Operands& o, const Layer& l, size_t tap, size_t c, size_t k) {
  uint32_t code = 0;
  for (uint32_t plane = 0; plane < l.weights.bits; ++plane) {
    const auto at = l.weights.place(static_cast<uint32_t>(tap * l.weights.c + c), plane, static_cast<uint32_t>(k));
    code |= ((static_cast<uint32_t>(o.inputs[1][at.word]) >> at.bit) & 1u) << plane;
  }
  return static_cast<int64_t>(quant::weight_level(code, l.weights.bits, l.params.weight));
}

// The part of the accumulator that tap (r, s) adds; nothing outside x.
int64_t tap_sum(const Operands& o, const Layer& l, size_t n, size_t oy, size_t ox, size_t k, size_t r, size_t s) {
  const PackedConv2dOpParams& p = l.params;
  const size_t group_c = l.c / p.groups, group_k = l.k / p.groups;
  const auto iy = static_cast<int64_t>(oy * p.stride_h + r * p.dilation_h) - static_cast<int64_t>(p.pad_h);
  const auto ix = static_cast<int64_t>(ox * p.stride_w + s * p.dilation_w) - static_cast<int64_t>(p.pad_w);
  if (iy < 0 || ix < 0 || iy >= static_cast<int64_t>(l.h) || ix >= static_cast<int64_t>(l.w)) return 0;
  const size_t pixel = (n * l.h + static_cast<size_t>(iy)) * l.w + static_cast<size_t>(ix);
  int64_t acc = 0;
  for (size_t c = 0; c < group_c; ++c) {
    const auto code = static_cast<uint32_t>(o.inputs[0][pixel * l.c + k / group_k * group_c + c]);
    const auto level = static_cast<int64_t>(quant::activation_level(code, p.activation, l.x_bits));
    acc += level * weight(o, l, r * p.kernel_w + s, c, k);
  }
  return acc;
}

double output_of(const Operands& o, const Layer& l, int32_t acc, size_t k) {
  if (l.params.output == PackedOutput::codes) {
    const uint32_t rows = quant::threshold_rows(l.params.output_activation, l.params.output_bits);
    uint32_t rank = 0;
    for (size_t i = 1; i < rows; ++i) {
      if (o.inputs[2][k] * acc >= o.inputs[2][i * l.k + k]) ++rank;
    }
    return quant::activation_code_of_rank(rank, l.params.output_activation, l.params.output_bits);
  }
  float y = static_cast<float>(acc) * l.params.output_scale;
  if (l.params.output == PackedOutput::affine) {
    y = y * static_cast<float>(o.inputs[2][k]);
    y = y + static_cast<float>(o.inputs[3][k]);
  }
  return y;
}

double output(const Operands& o, const Layer& l, size_t n, size_t oy, size_t ox, size_t k) {
  const PackedConv2dOpParams& p = l.params;
  const bool is_by_tap = p.output == PackedOutput::tap_scaled;
  int64_t acc = 0;
  float sum = 0;
  for (size_t r = 0; r < p.kernel_h; ++r) {
    for (size_t s = 0; s < p.kernel_w; ++s) {
      const int64_t part = tap_sum(o, l, n, oy, ox, k, r, s);
      acc += part;
      if (!is_by_tap) continue;
      const float scaled = static_cast<float>(o.inputs[2][r * p.kernel_w + s]) * static_cast<float>(part);
      sum = sum + scaled;
    }
  }
  return is_by_tap ? double{sum * p.output_scale} : output_of(o, l, narrow<int32_t>(acc), k);
}

void evaluate(const Operands& o, Layer l) {
  const Shape& x = o.in_desc(0).shape;
  l.n = x[0];
  l.c = x.last();
  if (x.rank() == 4) {
    l.h = x[1];
    l.w = x[2];
  }
  l.x_bits = planes_of(o.in_desc(0).dtype);
  l.k = l.params.output_channels;
  l.weights = {.k = l.params.output_channels,
               .taps = l.params.kernel_h * l.params.kernel_w,
               .c = x.last() / l.params.groups,
               .bits = l.params.weight_bits,
               .kind = l.params.weight};
  size_t i = 0;
  for (size_t n = 0; n < l.n; ++n) {
    for (size_t oy = 0; oy < l.oh; ++oy) {
      for (size_t ox = 0; ox < l.ow; ++ox) {
        for (size_t k = 0; k < l.k; ++k) o.outputs[0][i++] = output(o, l, n, oy, ox, k);
      }
    }
  }
}

}  // namespace

void packed_conv2d(const Operands& o) {
  Layer layer = {.params = o.node.params<PackedConv2dOpParams>()};
  layer.oh = o.out_desc().shape[1];
  layer.ow = o.out_desc().shape[2];
  evaluate(o, layer);
}

void packed_conv2d_residual(const Operands& o) {
  const auto p = o.node.params<ops::PackedConv2dResidualOpParams>();
  Layer layer = {.params = p.conv};
  layer.oh = o.out_desc().shape[1];
  layer.ow = o.out_desc().shape[2];
  evaluate(o, layer);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const float sum = static_cast<float>(o.outputs[0][i]) + static_cast<float>(o.inputs[4][i]);
    o.outputs[0][i] = std::min(std::max(sum, p.lo), p.hi);
    o.outputs[1][i] = o.outputs[0][i] >= 0 ? 1 : 0;
  }
}

void packed_linear(const Operands& o) {
  Layer layer = {.params = ops::as_convolution(o.node.params<ops::PackedLinearOpParams>())};
  if (o.in_desc(0).shape.rank() == 4) {
    layer.params.kernel_h = o.in_desc(0).shape[1];
    layer.params.kernel_w = o.in_desc(0).shape[2];
  }
  evaluate(o, layer);
}

}  // namespace lowtide::reference
