// SPDX-License-Identifier: Apache-2.0
// Cases of the packed ops. Everything is exact: codes, and f32 outputs whose every operation is rounded on its own.
#include <fmt/format.h>

#include <cmath>

#include "engine/base/rng.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using ops::PackedOutput;
using quant::ActivationKind;

constexpr ActivationKind kSigns = ActivationKind::signs;
constexpr ActivationKind kUnsigned = ActivationKind::unsigned_levels;

std::vector<double> doubles(const auto& values) {
  return {values.begin(), values.end()};
}

CaseInput codes_input(Graph& g, const Shape& shape, uint32_t bits) {
  return {g.input("x", {packed_dtype(bits), shape}), integers(0, quant::max_code(bits)), false};
}

CaseInput weights_input(Graph& g, const quant::PackedWeightExtents& extents) {
  Rng rng(11, extents.k);
  std::vector<float> levels(size_t{extents.k} * extents.taps * extents.c);
  for (float& level : levels) level = quant::weight_level(rng.below(quant::max_code(extents.bits) + 1), extents.bits);
  return {g.input("w", {DType::u32, extents.shape()}), given(doubles(quant::pack_weights(levels, extents))), false};
}

// Batch norms that spread `spread`, the deviation of the accumulator, over the codes; some descend, one is constant.
CaseInput thresholds_input(Graph& g, uint32_t k, uint32_t bits, double spread) {
  Rng rng(13, k);
  std::vector<quant::ChannelMap> maps(k);
  for (uint32_t i = 0; i < k; ++i) {
    const double sign = i % 3 == 1 ? -1 : 1;
    maps[i].quantizer.bits = bits;
    maps[i].multiplier = i % 7 == 6 ? 0.0f : static_cast<float>(sign * (0.2 + rng.uniform()) / spread);
    maps[i].offset = static_cast<float>(0.5 + 0.3 * rng.normal());
  }
  const std::vector<int32_t> table = quant::fold_channels(maps);
  return {g.input("thresholds", {DType::i32, Shape{1u << bits, k}}), given(doubles(table)), false};
}

// The inputs beyond x and w; `spread`: deviation of the accumulator.
std::vector<CaseInput> further_inputs(Graph& g, PackedOutput output, uint32_t k, uint32_t bits, double spread) {
  if (output == PackedOutput::codes) return {thresholds_input(g, k, bits, spread)};
  if (output == PackedOutput::accumulator) return {};
  return {{g.input("multiplier", f32_desc({k})), uniform(-0.1, 0.1), false},
          {g.input("offset", f32_desc({k})), uniform(-1, 1), false}};
}

double spread_of(ActivationKind kind, uint32_t x_bits, uint32_t w_bits, double terms) {
  const double x = kind == kSigns ? 1 : 0.6 * quant::max_code(x_bits);
  return x * 0.6 * quant::max_code(w_bits) * std::sqrt(terms) + 0.5;
}

struct ConvRow {
  const char* name;
  Shape x;
  uint32_t x_bits, w_bits, k;
  ops::PackedConv2dOpParams params;
};

Result<CaseGraph> build_conv(Graph& g, const ConvRow& row) {
  const auto& p = row.params;
  const quant::PackedWeightExtents extents = {
      .k = row.k, .taps = p.kernel_h * p.kernel_w, .c = row.x.last() / p.groups, .bits = row.w_bits};
  CaseGraph out;
  out.inputs = {codes_input(g, row.x, row.x_bits), weights_input(g, extents)};
  std::vector<ValueId> further;
  const double spread = spread_of(p.activation, row.x_bits, row.w_bits, extents.taps * extents.c);
  for (CaseInput& input : further_inputs(g, p.output, row.k, p.output_bits, spread)) {
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

std::vector<ConvRow> conv_rows() {
  constexpr auto codes = PackedOutput::codes;
  constexpr auto affine = PackedOutput::affine;
  constexpr auto accumulator = PackedOutput::accumulator;
  const auto strided = [](ops::PackedConv2dOpParams p, uint32_t h, uint32_t w) {
    p.stride_h = h;
    p.stride_w = w;
    return p;
  };
  auto dilated = conv3x3(kSigns, codes, 1);
  dilated.dilation_h = 2;
  dilated.dilation_w = 3;
  dilated.pad_h = 2;
  dilated.pad_w = 4;
  ops::PackedConv2dOpParams wide = {
      .activation = kUnsigned, .output = codes, .output_bits = 2, .kernel_h = 5, .kernel_w = 2, .pad_h = 3};
  ops::PackedConv2dOpParams point = {.activation = kSigns, .output = codes};
  return {
      {"signs", {2, 5, 7, 64}, 1, 1, 64, conv3x3(kSigns, codes, 1)},
      {"signs_tails", {2, 5, 7, 33}, 1, 1, 35, conv3x3(kSigns, codes, 1)},
      {"signs_stride", {3, 9, 8, 32}, 1, 1, 31, strided(conv3x3(kSigns, codes, 1), 2, 3)},
      {"signs_dilated", {1, 9, 11, 40}, 1, 1, 36, dilated},
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
  const quant::PackedWeightExtents extents = {.k = row.k, .taps = taps, .c = row.x.last(), .bits = row.w_bits};
  CaseGraph out;
  out.inputs = {codes_input(g, row.x, row.x_bits), weights_input(g, extents)};
  std::vector<ValueId> further;
  const double spread = spread_of(row.params.activation, row.x_bits, row.w_bits, taps * extents.c);
  for (CaseInput& input : further_inputs(g, row.params.output, row.k, row.params.output_bits, spread)) {
    further.push_back(input.id);
    out.inputs.push_back(std::move(input));
  }
  LOWTIDE_TRY(const ValueId y,
              ops::packed_linear(g, "linear", out.inputs[0].id, out.inputs[1].id, std::move(further), row.params));
  out.outputs = {y};
  return out;
}

std::vector<LinearRow> linear_rows() {
  return {
      {"signs", {5, 131}, 1, 1, 67, {.activation = kSigns, .output_bits = 1}},
      {"2x2bit_affine", {3, 300}, 2, 2, 10, {.activation = kUnsigned, .output = PackedOutput::affine}},
      {"2x2bit_flatten", {3, 4, 3, 40}, 2, 2, 33, {.activation = kUnsigned, .output_bits = 2}},
      {"signs_flatten", {2, 7, 7, 64}, 1, 1, 10, {.activation = kSigns, .output = PackedOutput::accumulator}},
  };
}

void add_pool_cases(std::vector<OpCase>& cases) {
  const ops::PackedPool2dOpParams overlapping = {3, 2, 2, 1, 1, 1};
  for (const uint32_t bits : {1u, 2u, 3u, 8u}) {
    for (const auto& params : {ops::PackedPool2dOpParams{}, overlapping}) {
      cases.push_back({.name = fmt::format("packed_max_pool2d/{}bit/{}x{}", bits, params.window_h, params.window_w),
                       .build = [=](Graph& g) -> Result<CaseGraph> {
                         const CaseInput x = codes_input(g, {2, 7, 5, 41}, bits);
                         LOWTIDE_TRY(const ValueId y, ops::packed_max_pool2d(g, "pool", x.id, params));
                         return CaseGraph{.inputs = {x}, .outputs = {y}};
                       },
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
  }
}

// Ties and saturation of every code: x on a grid of half steps.
Result<CaseGraph> build_pack(Graph& g, const ops::PackOpParams& params, bool has_affine) {
  const double step = 0.5 / quant::max_code(params.bits);
  CaseGraph out;
  const ValueId x = g.input("x", f32_desc({3, 5, 7, 37}));
  out.inputs = {{x, integers(-3 * step, 1 + 3 * step, step), false}};
  if (!has_affine) {
    LOWTIDE_TRY(const ValueId y, ops::pack(g, "pack", x, params));
    out.outputs = {y};
    return out;
  }
  const ValueId multiplier = g.input("multiplier", f32_desc({37}));
  const ValueId offset = g.input("offset", f32_desc({37}));
  out.inputs.push_back({multiplier, uniform(-2, 2), false});
  out.inputs.push_back({offset, uniform(-0.5, 1), false});
  LOWTIDE_TRY(const ValueId y, ops::pack_affine(g, "pack", x, multiplier, offset, params));
  out.outputs = {y};
  return out;
}

void add_pack_cases(std::vector<OpCase>& cases) {
  for (uint32_t bits = 1; bits <= quant::kMaxBits; ++bits) {
    for (const bool has_affine : {false, true}) {
      cases.push_back({.name = fmt::format("pack/{}bit{}", bits, has_affine ? "/affine" : ""),
                       .build = [=](Graph& g) { return build_pack(g, {.kind = kUnsigned, .bits = bits}, has_affine); },
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
    cases.push_back({.name = fmt::format("unpack/{}bit", bits),
                     .build = [=](Graph& g) -> Result<CaseGraph> {
                       const CaseInput x = codes_input(g, {2, 3, 5, 45}, bits);
                       LOWTIDE_TRY(const ValueId y, ops::unpack(g, "unpack", x.id, bits == 1 ? kSigns : kUnsigned));
                       return CaseGraph{.inputs = {x}, .outputs = {y}};
                     },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  cases.push_back({.name = "pack/signs",
                   .build = [](Graph& g) { return build_pack(g, {.kind = kSigns, .bits = 1}, true); },
                   .check_gradient = false,
                   .outputs_are_exact = true});
}

}  // namespace

std::vector<OpCase> packed_cases() {
  std::vector<OpCase> cases;
  add_pack_cases(cases);
  for (const ConvRow& row : conv_rows()) {
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
  add_pool_cases(cases);
  return cases;
}

}  // namespace lowtide::cases
