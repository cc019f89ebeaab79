// SPDX-License-Identifier: Apache-2.0
// Cases of the packed layers. Everything is exact: codes, and f32 outputs whose every operation is rounded on its own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/rng.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "tests/cases/op_case.hpp"
#include "tests/cases/packed_inputs.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using ops::PackedOutput;
using quant::WeightKind;

std::vector<double> doubles(const auto& values) {
  return {values.begin(), values.end()};
}

CaseInput weights_input(Graph& g, const quant::PackedWeightExtents& extents) {
  Rng rng(11, extents.k);
  std::vector<float> levels(size_t{extents.k} * extents.taps * extents.c);
  for (float& level : levels) {
    level = quant::weight_level(rng.below(quant::max_code(extents.bits) + 1), extents.bits, extents.kind);
  }
  return {g.input("w", {DType::u32, extents.shape()}), given(doubles(quant::pack_weights(levels, extents))), false};
}

quant::ActivationQuantizer quantizer_of(ActivationKind kind, uint32_t bits) {
  quant::ActivationQuantizer q = {.kind = kind, .bits = bits, .thresholds = {0.9f, 0.5f, 0.2f}};
  if (bits == 4) q.thresholds = {1.1f, 0.9f, 0.7f, 0.5f, 0.35f, 0.2f, 0.1f};
  return q;
}

// Batch norms that spread `spread`, the deviation of the accumulator, over the codes; some descend, one is constant.
CaseInput thresholds_input(Graph& g, uint32_t k, ActivationKind kind, uint32_t bits, double spread) {
  Rng rng(13, k);
  std::vector<quant::ChannelMap> maps(k);
  for (uint32_t i = 0; i < k; ++i) {
    const double sign = i % 3 == 1 ? -1 : 1;
    maps[i].quantizer = quantizer_of(kind, bits);
    maps[i].multiplier = i % 7 == 6 ? 0.0f : static_cast<float>(sign * (0.2 + rng.uniform()) / spread);
    maps[i].offset = static_cast<float>((kind == kShift ? 0.0 : 0.5) + 0.3 * rng.normal());
  }
  const std::vector<int32_t> table = quant::fold_channels(maps);
  return {g.input("thresholds", {DType::i32, Shape{quant::threshold_rows(kind, bits), k}}), given(doubles(table)),
          false};
}

// The inputs beyond x and w; `spread`: deviation of the accumulator.
std::vector<CaseInput> further_inputs(Graph& g, const ops::PackedConv2dOpParams& p, uint32_t k, double spread) {
  if (p.output == PackedOutput::codes) return {thresholds_input(g, k, p.output_activation, p.output_bits, spread)};
  if (p.output == PackedOutput::accumulator) return {};
  if (p.output == PackedOutput::tap_scaled) {
    return {{g.input("tap_scale", f32_desc({p.kernel_h * p.kernel_w})), uniform(0.1, 1), false}};
  }
  return {{g.input("multiplier", f32_desc({k})), uniform(-0.1, 0.1), false},
          {g.input("offset", f32_desc({k})), uniform(-1, 1), false}};
}

double spread_of(const ops::PackedConv2dOpParams& p, uint32_t x_bits, uint32_t w_bits, double terms) {
  const double x = p.activation == kSigns ? 1 : 0.6 * quant::max_level(p.activation, x_bits);
  return x * 0.6 * quant::max_level(p.weight, w_bits) * std::sqrt(terms) + 0.5;
}

struct ConvRow {
  const char* name;
  Shape x;
  uint32_t x_bits, w_bits, k;
  ops::PackedConv2dOpParams params;
};

Result<CaseGraph> build_conv(Graph& g, const ConvRow& row) {
  auto p = row.params;
  p.weight_bits = row.w_bits;
  p.output_channels = row.k;
  const quant::PackedWeightExtents extents = {
      .k = row.k, .taps = p.kernel_h * p.kernel_w, .c = row.x.last() / p.groups, .bits = row.w_bits, .kind = p.weight};
  CaseGraph out;
  out.inputs = {codes_input(g, row.x, row.x_bits, p.activation), weights_input(g, extents)};
  std::vector<ValueId> further;
  const double spread = spread_of(p, row.x_bits, row.w_bits, extents.taps * extents.c);
  for (CaseInput& input : further_inputs(g, p, row.k, spread)) {
    further.push_back(input.id);
    out.inputs.push_back(std::move(input));
  }
  LOWTIDE_TRY(const ValueId y,
              ops::packed_conv2d(g, "conv", out.inputs[0].id, out.inputs[1].id, std::move(further), p));
  out.outputs = {y};
  return out;
}

// 3x3, padding 1, with the fields given.
ops::PackedConv2dOpParams conv3x3(ActivationKind kind, PackedOutput output, uint32_t output_bits) {
  return {.activation = kind,
          .output = output,
          .output_bits = output_bits,
          .output_scale = 0.37f,
          .kernel_h = 3,
          .kernel_w = 3,
          .pad_h = 1,
          .pad_w = 1};
}

ops::PackedConv2dOpParams grouped(ops::PackedConv2dOpParams p, uint32_t groups) {
  p.groups = groups;
  return p;
}

ops::PackedConv2dOpParams strided(ops::PackedConv2dOpParams p, uint32_t h, uint32_t w) {
  p.stride_h = h;
  p.stride_w = w;
  return p;
}

ops::PackedConv2dOpParams dilated(ops::PackedConv2dOpParams p, uint32_t h, uint32_t w) {
  p.dilation_h = p.pad_h = h;
  p.dilation_w = w;
  p.pad_w = w + 1;
  return p;
}

// Levels with signs: codes of `output_bits` bits of `output` behind them; no bits: accumulators.
ops::PackedConv2dOpParams signed3x3(ActivationKind x, WeightKind w, ActivationKind output, uint32_t output_bits) {
  auto p = conv3x3(x, output_bits == 0 ? PackedOutput::accumulator : PackedOutput::codes, std::max(output_bits, 1u));
  p.weight = w;
  p.output_activation = output;
  return p;
}

std::vector<ConvRow> conv_rows() {
  constexpr auto codes = PackedOutput::codes;
  constexpr auto affine = PackedOutput::affine;
  constexpr auto accumulator = PackedOutput::accumulator;
  ops::PackedConv2dOpParams wide = {
      .activation = kUnsigned, .output = codes, .output_bits = 2, .kernel_h = 5, .kernel_w = 2, .pad_h = 3};
  ops::PackedConv2dOpParams point = {.activation = kSigns, .output = codes};
  return {
      {"signs", {2, 5, 7, 64}, 1, 1, 64, conv3x3(kSigns, codes, 1)},
      {"signs_tails", {2, 5, 7, 33}, 1, 1, 35, conv3x3(kSigns, codes, 1)},
      {"signs_stride", {3, 9, 8, 32}, 1, 1, 31, strided(conv3x3(kSigns, codes, 1), 2, 3)},
      {"signs_dilated", {1, 9, 11, 40}, 1, 1, 36, dilated(conv3x3(kSigns, codes, 1), 2, 3)},
      {"signs_point", {1, 3, 5, 97}, 1, 1, 10, point},
      {"signs_deep", {1, 4, 5, 800}, 1, 1, 12, conv3x3(kSigns, codes, 1)},
      {"signs_2bit_weights", {2, 5, 3, 37}, 1, 2, 33, conv3x3(kSigns, codes, 2)},
      {"signs_affine", {2, 3, 5, 33}, 1, 1, 7, conv3x3(kSigns, affine, 1)},
      {"signs_accumulator", {2, 3, 5, 33}, 1, 3, 4, conv3x3(kSigns, accumulator, 1)},
      {"one_channel", {1, 3, 2, 1}, 1, 1, 1, conv3x3(kSigns, codes, 1)},
      {"1x1bit", {2, 5, 3, 37}, 1, 1, 34, conv3x3(kUnsigned, codes, 1)},
      {"2x2bit", {2, 5, 7, 64}, 2, 2, 64, conv3x3(kUnsigned, codes, 2)},
      {"2x2bit_tails", {2, 5, 3, 37}, 2, 2, 39, conv3x3(kUnsigned, codes, 2)},
      {"2x2bit_window", {1, 7, 6, 45}, 2, 2, 20, wide},
      {"2x1bit", {2, 5, 3, 70}, 2, 1, 9, conv3x3(kUnsigned, codes, 1)},
      {"3x4bit", {2, 5, 3, 37}, 3, 4, 33, conv3x3(kUnsigned, codes, 3)},
      {"8x2bit", {1, 3, 5, 37}, 8, 2, 13, conv3x3(kUnsigned, codes, 8)},
      {"4x8bit_affine", {1, 3, 5, 37}, 4, 8, 10, conv3x3(kUnsigned, affine, 1)},
      {"2x2bit_accumulator", {1, 3, 5, 64}, 2, 2, 66, conv3x3(kUnsigned, accumulator, 1)},
      {"signs_groups", {2, 3, 5, 64}, 1, 1, 128, grouped(conv3x3(kSigns, codes, 1), 2)},
      {"2x2bit_groups", {2, 3, 5, 96}, 2, 2, 96, grouped(conv3x3(kUnsigned, affine, 1), 3)},
      {"2x2bit_small_groups", {2, 3, 5, 36}, 2, 2, 15, grouped(conv3x3(kUnsigned, codes, 2), 3)},
      {"signs_depthwise", {2, 4, 5, 37}, 1, 1, 37, grouped(conv3x3(kSigns, codes, 1), 37)},
      // Whole words of x and y, which software devices hold.
      {"signs_words_stride", {3, 9, 8, 64}, 1, 1, 96, strided(conv3x3(kSigns, codes, 1), 2, 3)},
      {"signs_words_dilated", {1, 9, 11, 32}, 1, 1, 64, dilated(conv3x3(kSigns, codes, 1), 2, 3)},
      {"signs_words_affine", {2, 3, 5, 64}, 1, 1, 32, conv3x3(kSigns, affine, 1)},
      {"signs_words_3bit_out", {2, 3, 5, 32}, 1, 2, 32, conv3x3(kSigns, codes, 3)},
      {"signs_words_ternary_out", {2, 3, 5, 32}, 1, 1, 32, signed3x3(kSigns, WeightKind::odd_levels, kShift, 2)},
      {"3x2bit_words", {1, 4, 5, 64}, 3, 2, 32, conv3x3(kUnsigned, codes, 3)},
      {"2x1bit_words_accumulator", {1, 3, 5, 64}, 2, 1, 64, conv3x3(kUnsigned, accumulator, 1)},
      {"signs_depthwise_2", {2, 4, 5, 7}, 1, 1, 14, grouped(conv3x3(kSigns, codes, 1), 7)},
      {"signs_depthwise_stride", {3, 9, 8, 64}, 1, 2, 64, grouped(strided(conv3x3(kSigns, codes, 2), 2, 2), 64)},
      {"2x2bit_depthwise", {1, 7, 6, 70}, 2, 2, 70, grouped(wide, 70)},
      {"4x8bit_depthwise_affine", {1, 3, 5, 37}, 4, 8, 37, grouped(conv3x3(kUnsigned, affine, 1), 37)},
      {"signs_depthwise_accumulator",
       {2, 9, 7, 33},
       1,
       3,
       33,
       grouped(dilated(conv3x3(kSigns, accumulator, 1), 2, 1), 33)},
  };
}

std::vector<ConvRow> signed_rows() {
  constexpr auto odd = WeightKind::odd_levels, shift = WeightKind::shift, twos = WeightKind::signed_levels;
  const auto ternary = signed3x3(kShift, shift, kShift, 2);
  const auto shift3 = signed3x3(kShift, shift, kShift, 3);
  auto shift_adds = signed3x3(kUnsigned, shift, kUnsigned, 2);
  auto affine = shift_adds;
  affine.output = PackedOutput::affine;
  affine.output_bits = 1;
  ops::PackedConv2dOpParams point = ternary;
  point.kernel_h = point.kernel_w = 1;
  point.pad_h = point.pad_w = 0;
  return {
      {"ternary", {2, 5, 7, 64}, 2, 2, 64, ternary},
      {"ternary_tails", {2, 5, 7, 33}, 2, 2, 35, ternary},
      {"ternary_stride", {3, 9, 8, 32}, 2, 2, 31, strided(ternary, 2, 3)},
      {"ternary_dilated", {1, 9, 11, 40}, 2, 2, 36, dilated(ternary, 2, 3)},
      {"ternary_point", {1, 3, 5, 97}, 2, 2, 10, point},
      {"ternary_deep", {1, 4, 5, 800}, 2, 2, 12, ternary},
      {"ternary_groups", {2, 3, 5, 64}, 2, 2, 128, grouped(ternary, 2)},
      {"ternary_small_groups", {2, 3, 5, 36}, 2, 2, 15, grouped(ternary, 3)},
      {"ternary_depthwise", {2, 4, 5, 37}, 2, 2, 37, grouped(ternary, 37)},
      {"ternary_depthwise_stride", {3, 9, 8, 45}, 2, 2, 45, grouped(strided(ternary, 2, 3), 45)},
      {"shift3_depthwise", {1, 5, 3, 45}, 3, 3, 45, grouped(shift3, 45)},
      {"shift4_depthwise", {1, 5, 3, 33}, 4, 4, 33, grouped(signed3x3(kShift, shift, kShift, 0), 33)},
      {"shift3_x_odd2_depthwise", {2, 5, 3, 37}, 3, 2, 37, grouped(signed3x3(kShift, odd, kShift, 0), 37)},
      {"signs_x_ternary_depthwise", {2, 5, 3, 37}, 1, 2, 37, grouped(signed3x3(kSigns, shift, kSigns, 1), 37)},
      {"2bit_x_shift3_depthwise", {2, 5, 7, 64}, 2, 3, 64, grouped(shift_adds, 64)},
      {"8bit_x_signed8_depthwise", {1, 3, 5, 17}, 8, 8, 17, grouped(signed3x3(kUnsigned, twos, kUnsigned, 0), 17)},
      {"signs_x_signed4_depthwise", {1, 5, 3, 37}, 1, 4, 37, grouped(signed3x3(kSigns, twos, kSigns, 1), 37)},
      {"ternary_one_channel", {1, 3, 2, 1}, 2, 2, 1, ternary},
      {"ternary_x_signs", {2, 5, 3, 37}, 2, 1, 34, signed3x3(kShift, odd, kSigns, 1)},
      {"signs_x_ternary", {2, 5, 3, 37}, 1, 2, 34, signed3x3(kSigns, shift, kSigns, 1)},
      {"shift3", {2, 5, 7, 64}, 3, 3, 64, shift3},
      {"shift3_tails", {2, 5, 3, 45}, 3, 3, 39, shift3},
      {"shift3_stride", {1, 9, 8, 70}, 3, 3, 9, strided(shift3, 2, 1)},
      {"shift3_dilated", {1, 9, 11, 40}, 3, 3, 20, dilated(shift3, 3, 2)},
      {"shift3_groups", {2, 3, 5, 96}, 3, 3, 96, grouped(shift3, 3)},
      {"shift3_small_groups", {2, 3, 5, 36}, 3, 3, 15, grouped(shift3, 3)},
      {"shift4", {1, 5, 3, 45}, 4, 4, 20, signed3x3(kShift, shift, kShift, 4)},
      {"shift4_accumulator", {1, 3, 5, 33}, 4, 4, 7, signed3x3(kShift, shift, kShift, 0)},
      {"ternary_x_shift3", {2, 5, 3, 37}, 2, 3, 33, signed3x3(kShift, shift, kShift, 2)},
      {"shift3_x_ternary", {2, 5, 3, 37}, 3, 2, 33, signed3x3(kShift, shift, kShift, 3)},
      {"shift4_x_shift3", {1, 5, 3, 37}, 4, 3, 33, signed3x3(kShift, shift, kUnsigned, 3)},
      {"signs_x_shift3", {2, 5, 3, 37}, 1, 3, 33, signed3x3(kSigns, shift, kSigns, 1)},
      {"signs_x_shift4", {2, 5, 3, 37}, 1, 4, 33, signed3x3(kSigns, shift, kShift, 0)},
      {"shift3_x_signs", {2, 5, 3, 37}, 3, 1, 33, signed3x3(kShift, odd, kShift, 3)},
      {"shift3_x_odd2", {2, 5, 3, 37}, 3, 2, 33, signed3x3(kShift, odd, kShift, 0)},
      {"2bit_x_ternary", {2, 5, 7, 64}, 2, 2, 64, shift_adds},
      {"2bit_x_shift3", {2, 5, 7, 37}, 2, 3, 41, shift_adds},
      {"4bit_x_shift4", {1, 5, 3, 37}, 4, 4, 20, signed3x3(kUnsigned, shift, kUnsigned, 4)},
      {"8bit_x_shift3", {1, 3, 5, 37}, 8, 3, 13, signed3x3(kUnsigned, shift, kUnsigned, 8)},
      {"3bit_x_shift3_affine", {1, 3, 5, 45}, 3, 3, 10, affine},
      {"2bit_x_signed2", {2, 5, 7, 64}, 2, 2, 64, signed3x3(kUnsigned, twos, kUnsigned, 2)},
      {"3bit_x_signed3", {2, 5, 3, 37}, 3, 3, 39, signed3x3(kUnsigned, twos, kUnsigned, 3)},
      {"8bit_x_signed8", {1, 3, 5, 17}, 8, 8, 11, signed3x3(kUnsigned, twos, kUnsigned, 0)},
      {"shift3_x_signed4", {1, 5, 3, 37}, 3, 4, 34, signed3x3(kShift, twos, kShift, 3)},
      {"signs_x_signed4", {1, 5, 3, 37}, 1, 4, 34, signed3x3(kSigns, twos, kSigns, 1)},
  };
}

// Whole words of x, for kernels of 8-bit levels and of subgroups: more pixels than a tile, tails of y.
std::vector<ConvRow> word_rows() {
  constexpr auto codes = PackedOutput::codes;
  constexpr auto affine = PackedOutput::affine;
  constexpr auto accumulator = PackedOutput::accumulator;
  constexpr auto odd = WeightKind::odd_levels, shift = WeightKind::shift, twos = WeightKind::signed_levels;
  return {
      {"signs_words_in", {2, 9, 11, 96}, 1, 1, 70, strided(conv3x3(kSigns, codes, 2), 1, 2)},
      {"signs_words_in_affine", {1, 7, 11, 32}, 1, 1, 103, dilated(conv3x3(kSigns, affine, 1), 2, 1)},
      {"1x1bit_words_in", {2, 5, 9, 32}, 1, 1, 33, conv3x3(kUnsigned, codes, 1)},
      {"8x2bit_words_in", {2, 5, 7, 32}, 8, 2, 41, conv3x3(kUnsigned, codes, 8)},
      {"7x7bit_words_in", {1, 5, 7, 64}, 7, 7, 34, {.activation = kUnsigned, .output = accumulator}},
      {"4x8bit_words_in_affine", {1, 5, 7, 64}, 4, 8, 10, conv3x3(kUnsigned, affine, 1)},
      {"8x8bit_words_in",
       {2, 5, 7, 96},
       8,
       8,
       39,
       {.activation = kUnsigned, .output = codes, .output_bits = 8, .kernel_w = 2, .pad_w = 1}},
      {"signs_8bit_words_in", {2, 5, 7, 64}, 1, 8, 39, conv3x3(kSigns, accumulator, 1)},
      {"2x3bit_words_groups", {2, 4, 5, 192}, 2, 3, 96, grouped(conv3x3(kUnsigned, codes, 4), 3)},
      {"8bit_x_signed8_words", {2, 5, 7, 32}, 8, 8, 37, signed3x3(kUnsigned, twos, kUnsigned, 0)},
      {"8bit_x_shift4_words", {2, 5, 7, 64}, 8, 4, 37, signed3x3(kUnsigned, shift, kUnsigned, 3)},
      {"shift4_words", {2, 5, 7, 32}, 4, 4, 37, signed3x3(kShift, shift, kShift, 4)},
      {"shift3_x_odd8_words", {1, 5, 7, 64}, 3, 8, 37, signed3x3(kShift, odd, kShift, 0)},
      {"shift4_x_signed4_words", {1, 5, 7, 64}, 4, 4, 33, signed3x3(kShift, twos, kShift, 3)},
      {"signs_x_signed2_words", {1, 5, 7, 64}, 1, 2, 33, signed3x3(kSigns, twos, kSigns, 1)},
  };
}

// A scale for each tap.
std::vector<ConvRow> tap_rows() {
  const auto taps = [](ActivationKind x, WeightKind w) {
    auto p = conv3x3(x, PackedOutput::tap_scaled, 1);
    p.weight = w;
    return p;
  };
  constexpr auto odd = WeightKind::odd_levels, shift = WeightKind::shift;
  return {
      {"taps_signs", {2, 5, 7, 64}, 1, 1, 64, taps(kSigns, odd)},
      {"taps_signs_tails", {2, 5, 7, 33}, 1, 1, 35, strided(taps(kSigns, odd), 2, 1)},
      {"taps_signs_deep", {1, 4, 5, 800}, 1, 1, 12, taps(kSigns, odd)},
      {"taps_2bit_x_signs", {2, 5, 3, 70}, 2, 1, 9, taps(kUnsigned, odd)},
      {"taps_2bit_x_ternary", {2, 5, 7, 37}, 2, 2, 41, taps(kUnsigned, shift)},
      {"taps_signs_x_ternary", {2, 9, 7, 96}, 1, 2, 33, dilated(taps(kSigns, shift), 2, 1)},
      {"taps_shift3", {1, 5, 3, 45}, 3, 3, 10, taps(kShift, shift)},
      {"taps_groups", {2, 3, 5, 64}, 2, 2, 128, grouped(taps(kUnsigned, shift), 2)},
      {"taps_small_groups", {2, 3, 5, 36}, 2, 1, 15, grouped(taps(kUnsigned, odd), 3)},
  };
}

struct LinearRow {
  const char* name;
  Shape x;
  uint32_t x_bits, w_bits, k;
  ops::PackedLinearOpParams params;
};

Result<CaseGraph> build_linear(Graph& g, const LinearRow& row) {
  const uint32_t taps = row.x.rank() == 4 ? row.x[1] * row.x[2] : 1;
  auto params = row.params;
  params.weight_bits = row.w_bits;
  params.output_channels = row.k;
  const quant::PackedWeightExtents extents = {
      .k = row.k, .taps = taps, .c = row.x.last(), .bits = row.w_bits, .kind = params.weight};
  const ops::PackedConv2dOpParams conv = ops::as_convolution(params);
  CaseGraph out;
  out.inputs = {codes_input(g, row.x, row.x_bits, conv.activation), weights_input(g, extents)};
  std::vector<ValueId> further;
  const double spread = spread_of(conv, row.x_bits, row.w_bits, taps * extents.c);
  for (CaseInput& input : further_inputs(g, conv, row.k, spread)) {
    further.push_back(input.id);
    out.inputs.push_back(std::move(input));
  }
  LOWTIDE_TRY(const ValueId y,
              ops::packed_linear(g, "linear", out.inputs[0].id, out.inputs[1].id, std::move(further), params));
  out.outputs = {y};
  return out;
}

std::vector<LinearRow> linear_rows() {
  return {
      {"signs", {5, 131}, 1, 1, 67, {.activation = kSigns, .output_bits = 1}},
      {"2x2bit_affine", {3, 300}, 2, 2, 10, {.activation = kUnsigned, .output = PackedOutput::affine}},
      {"2x2bit_flatten", {3, 4, 3, 40}, 2, 2, 33, {.activation = kUnsigned, .output_bits = 2}},
      {"signs_words", {5, 256}, 1, 1, 67, {.activation = kSigns, .output_bits = 1}},
      {"signs_flatten", {2, 7, 7, 64}, 1, 1, 10, {.activation = kSigns, .output = PackedOutput::accumulator}},
      {"shift3_flatten",
       {3, 4, 3, 40},
       3,
       3,
       33,
       {.activation = kShift, .weight = WeightKind::shift, .output_activation = kShift, .output_bits = 3}},
      {"2bit_x_signed3_affine",
       {3, 300},
       2,
       3,
       10,
       {.activation = kUnsigned, .weight = WeightKind::signed_levels, .output = PackedOutput::affine}},
  };
}

}  // namespace

std::vector<OpCase> packed_cases() {
  std::vector<OpCase> cases;
  std::vector<ConvRow> rows = conv_rows();
  for (ConvRow& row : signed_rows()) rows.push_back(std::move(row));
  for (ConvRow& row : word_rows()) rows.push_back(std::move(row));
  for (ConvRow& row : tap_rows()) rows.push_back(std::move(row));
  for (const ConvRow& row : rows) {
    cases.push_back({.name = fmt::format("packed_conv2d/{}", row.name),
                     .build = [row](Graph& g) { return build_conv(g, row); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  for (const LinearRow& row : linear_rows()) {
    cases.push_back({.name = fmt::format("packed_linear/{}", row.name),
                     .build = [row](Graph& g) { return build_linear(g, row); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
