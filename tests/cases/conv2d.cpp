// SPDX-License-Identifier: Apache-2.0
// Cases of conv2d: small ones through the op and its gradients, larger ones (several tiles, tails in every tiled
// dimension) through each of the three ops alone. Levels, whose sums are integers, must come out exactly.
#include "engine/ops/conv2d/conv2d.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using ops::Conv2dParams;

struct Row {
  Shape x, w;
  Conv2dParams params = {};
};

std::string shape_text(const Row& row) {
  const Conv2dParams& p = row.params;
  return fmt::format("{}/{}/stride{}x{}/pad{}x{}/dilation{}x{}/groups{}", to_string(row.x), to_string(row.w),
                     p.stride_h, p.stride_w, p.pad_h, p.pad_w, p.dilation_h, p.dilation_w, p.groups);
}

Shape output_shape(const Row& row) {
  const Conv2dParams& p = row.params;
  return {row.x[0], (row.x[1] + 2 * p.pad_h - p.dilation_h * (row.w[1] - 1) - 1) / p.stride_h + 1,
          (row.x[2] + 2 * p.pad_w - p.dilation_w * (row.w[2] - 1) - 1) / p.stride_w + 1, row.w[0]};
}

OpCase whole_case(const Row& row) {
  return {.name = "conv2d/" + shape_text(row), .build = [row](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId x = g.input("x", f32_desc(row.x)), w = g.parameter("w", row.w);
            LOWTIDE_TRY(const ValueId y, ops::conv2d(g, "conv", x, w, row.params));
            return CaseGraph{.inputs = {{x}, {w}}, .outputs = {y}};
          }};
}

// How the operands of a single op are drawn. Levels: activations 0..15, weights odd in -15..15, any gradient an
// integer. Short: multiples of 1/64 in [-1, 1], which f16 holds exactly, so that only the order of f32 sums is left to
// differ.
enum class Draw { real, levels, short_real };

std::string draw_text(Draw draw) {
  return draw == Draw::levels ? "/levels" : draw == Draw::short_real ? "/short" : "";
}

// Forward and the weight's gradient from codes of x: levels -32 .. 31 and two more bits, which must not matter.
OpCase codes_case(Row row, bool is_forward) {
  row.params.output_scale = 0.125f;
  OpCase op_case = {.name = fmt::format("conv2d{}/codes/{}", is_forward ? "" : "_backward_weight", shape_text(row)),
                    .check_gradient = false,
                    .outputs_are_exact = true};
  op_case.build = [row, is_forward](graph::Graph& g) -> Result<CaseGraph> {
    const ValueId codes = g.input("codes", {DType::u8, row.x});
    if (is_forward) {
      const ValueId w = g.input("w", f32_desc(row.w));
      LOWTIDE_TRY(const ValueId y, ops::conv2d(g, "conv", codes, w, row.params));
      return CaseGraph{.inputs = {{codes, integers(0, 255), false}, {w, integers(-3, 3, 2), false}}, .outputs = {y}};
    }
    const ValueId dy = g.input("dy", f32_desc(output_shape(row)));
    const ops::Conv2dBackwardWeightParams params = {.conv = row.params, .r = row.w[1], .s = row.w[2]};
    LOWTIDE_TRY(const ValueId dw, append_one(g, ops::kConv2dBackwardWeightOp, "op", params, {codes, dy}));
    return CaseGraph{.inputs = {{codes, integers(0, 255), false}, {dy, integers(-3, 3), false}}, .outputs = {dw}};
  };
  return op_case;
}

// One of the three ops alone.
OpCase single_case(const graph::OpInfo& op, const Row& row, Draw draw) {
  const graph::OpInfo* const info = &op;
  const bool is_exact = draw == Draw::levels, is_f16 = row.params.operands == ops::Operands::f16;
  OpCase op_case = {
      .name = fmt::format("{}{}{}/{}", op.name, draw_text(draw), is_f16 ? "/operands_f16" : "", shape_text(row)),
      .check_gradient = false,
      .outputs_are_exact = is_exact};
  // Each operand is off by up to 2^-11 of itself, 1.8e-4 in the mean square; two of them make 2.6e-4.
  if (is_f16 && draw == Draw::real) op_case.tolerance = 3e-4;
  op_case.build = [row, info, draw, is_exact](graph::Graph& g) -> Result<CaseGraph> {
    const bool is_forward = info == &ops::kConv2dOp, is_backward_input = info == &ops::kConv2dBackwardInputOp;
    const ValueId a = g.input("a", f32_desc(is_backward_input ? row.w : row.x));
    const ValueId b = g.input("b", f32_desc(is_forward ? row.w : output_shape(row)));
    ValueId result;
    if (is_forward) {
      LOWTIDE_TRY(result, append_one(g, *info, "op", row.params, {a, b}));
    } else if (is_backward_input) {
      const ops::Conv2dBackwardInputParams params = {.conv = row.params, .h = row.x[1], .w = row.x[2]};
      LOWTIDE_TRY(result, append_one(g, *info, "op", params, {a, b}));
    } else {
      const ops::Conv2dBackwardWeightParams params = {.conv = row.params, .r = row.w[1], .s = row.w[2]};
      LOWTIDE_TRY(result, append_one(g, *info, "op", params, {a, b}));
    }
    const Distribution first = is_backward_input ? integers(-15, 15, 2) : integers(0, 15);
    const Distribution second = is_forward ? integers(-15, 15, 2) : integers(-3, 3);
    const Distribution real = draw == Draw::real ? uniform(-1, 1) : integers(-1, 1, 1.0 / 64);
    return CaseGraph{.inputs = {{a, is_exact ? first : real}, {b, is_exact ? second : real}}, .outputs = {result}};
  };
  return op_case;
}

// conv2d_affine; with levels and few-bit factors every operation is exact.
OpCase affine_case(const Row& row, bool is_exact, float lo, float hi) {
  OpCase op_case = {
      .name = fmt::format("conv2d_affine{}/{}/{}_to_{}", is_exact ? "/levels" : "", shape_text(row), lo, hi),
      .check_gradient = false,
      .outputs_are_exact = is_exact};
  op_case.build = [=](graph::Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(row.x)), w = g.input("w", f32_desc(row.w));
    const ValueId multiplier = g.input("multiplier", f32_desc({row.w[0]})),
                  offset = g.input("offset", f32_desc({row.w[0]}));
    const ops::Conv2dAffineOpParams params = {.conv = row.params, .lo = lo, .hi = hi};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kConv2dAffineOp, "conv", params, {x, w, multiplier, offset}));
    const Distribution real = uniform(-1, 1), small = integers(-2, 2, 0.125);
    return CaseGraph{.inputs = {{x, is_exact ? integers(0, 15) : real, false},
                                {w, is_exact ? integers(-15, 15, 2) : real, false},
                                {multiplier, is_exact ? small : real, false},
                                {offset, is_exact ? small : real, false}},
                     .outputs = {y}};
  };
  return op_case;
}

// conv2d_affine of pixels, whose values are levels: every operation is exact.
OpCase pixels_case(const Row& row, float lo, float hi) {
  OpCase op_case = {.name = fmt::format("conv2d_affine/pixels/{}/{}_to_{}", shape_text(row), lo, hi),
                    .check_gradient = false,
                    .outputs_are_exact = true};
  op_case.build = [=](graph::Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", {DType::u8, row.x}), w = g.input("w", f32_desc(row.w));
    const ValueId multiplier = g.input("multiplier", f32_desc({row.w[0]})),
                  offset = g.input("offset", f32_desc({row.w[0]})), table = g.input("table", f32_desc({row.x[3], 256}));
    const ops::Conv2dAffineOpParams params = {.conv = row.params, .lo = lo, .hi = hi};
    LOWTIDE_TRY(const ValueId y,
                append_one(g, ops::kConv2dAffineOp, "conv", params, {x, w, multiplier, offset, table}));
    return CaseGraph{.inputs = {{x, integers(0, 255), false},
                                {w, integers(-15, 15, 2), false},
                                {multiplier, integers(-2, 2, 0.125), false},
                                {offset, integers(-2, 2, 0.125), false},
                                {table, integers(-15, 15), false}},
                     .outputs = {y}};
  };
  return op_case;
}

// Few enough products for finite differences on the host.
const Row kSmall[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{2, 5, 7, 3}, {5, 3, 3, 3}, {.pad_h = 1, .pad_w = 1}},
    {{2, 7, 5, 4}, {6, 3, 3, 4}, {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .output_scale = 0.3f}},
    {{1, 9, 11, 2}, {4, 5, 3, 2}, {.pad_h = 2, .pad_w = 1}},
    {{2, 6, 7, 3}, {4, 3, 3, 3}, {.pad_h = 2, .pad_w = 2, .dilation_h = 2, .dilation_w = 2}},
    {{3, 5, 4, 7}, {5, 1, 1, 7}},
    {{2, 6, 9, 4}, {3, 1, 1, 4}, {.stride_h = 2, .stride_w = 2}},
    {{2, 5, 6, 8}, {12, 3, 3, 4}, {.pad_h = 1, .pad_w = 1, .groups = 2}},
    {{2, 7, 6, 5}, {5, 3, 3, 1}, {.pad_h = 1, .pad_w = 1, .groups = 5}},
    {{2, 4, 7, 3}, {6, 3, 3, 1}, {.stride_h = 2, .stride_w = 1, .pad_h = 1, .pad_w = 1, .groups = 3}},
    {{2, 9, 7, 3},
     {4, 2, 3, 3},
     {.stride_h = 2, .stride_w = 3, .pad_h = 1, .pad_w = 2, .dilation_h = 2, .output_scale = 2.5f}},
    // Few channels per group: depthwise, with a multiplier, pairs; channels that are no multiple of four and such that
    // are.
    {{3, 7, 6, 8},
     {8, 3, 3, 1},
     {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 8, .output_scale = 0.3f}},
    {{1, 8, 7, 3}, {6, 5, 5, 1}, {.pad_h = 2, .pad_w = 2, .groups = 3}},
    {{2, 7, 9, 4}, {4, 3, 3, 1}, {.pad_h = 2, .pad_w = 2, .dilation_h = 2, .dilation_w = 2, .groups = 4}},
    {{1, 6, 5, 6}, {9, 3, 2, 2}, {.stride_h = 1, .stride_w = 2, .pad_w = 1, .groups = 3}},
    // The kernel is larger than the image; input pixels that no output sees; outputs that see only padding.
    {{1, 2, 3, 3}, {2, 5, 5, 3}, {.pad_h = 2, .pad_w = 2}},
    {{2, 8, 7, 4}, {5, 2, 2, 4}, {.stride_h = 3, .stride_w = 3}},
    {{2, 3, 4, 4}, {5, 2, 2, 4}, {.pad_h = 3, .pad_w = 3}},
};

const Row kLarge[] = {
    {{3, 5, 29, 1}, {33, 5, 5, 1}, {.pad_h = 2, .pad_w = 2}},
    {{2, 9, 61, 4}, {18, 3, 3, 2}, {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 2}},
    {{2, 5, 57, 33}, {65, 3, 3, 33}, {.pad_h = 1, .pad_w = 1}},
    {{3, 7, 31, 64}, {31, 3, 3, 64}, {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1}},
    {{2, 3, 67, 16}, {17, 1, 1, 16}},
    {{5, 4, 9, 20}, {24, 5, 5, 10}, {.pad_h = 2, .pad_w = 2, .groups = 2}},
    {{1, 3, 131, 4}, {9, 3, 3, 4}, {.pad_h = 1, .pad_w = 1}},
    {{37, 3, 5, 11}, {7, 3, 3, 11}, {.pad_h = 1, .pad_w = 1}},
    {{1, 5, 201, 8}, {7, 3, 5, 8}, {.stride_h = 1, .stride_w = 3, .pad_w = 2}},
    {{1, 20, 33, 3}, {32, 7, 7, 3}, {.stride_h = 2, .stride_w = 2, .pad_h = 3, .pad_w = 3}},
    {{1, 9, 17, 40}, {40, 3, 3, 1}, {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1, .groups = 40}},
    {{3, 29, 31, 36}, {36, 3, 3, 1}, {.pad_h = 1, .pad_w = 1, .groups = 36}},
    {{1, 23, 37, 21}, {42, 5, 5, 1}, {.stride_h = 2, .stride_w = 2, .pad_h = 2, .pad_w = 2, .groups = 21}},
    {{3, 17, 19, 12},
     {12, 5, 5, 1},
     {.stride_h = 3, .stride_w = 2, .pad_h = 4, .pad_w = 3, .dilation_h = 2, .groups = 12}},
    {{1, 14, 27, 40}, {60, 3, 3, 4}, {.pad_h = 1, .pad_w = 1, .groups = 10}},
    {{3, 9, 13, 6}, {6, 9, 7, 1}, {.pad_h = 4, .pad_w = 3, .groups = 6}},  // more taps than registers
    {{2, 6, 66, 13}, {18, 3, 3, 13}, {.pad_h = 3, .pad_w = 3, .dilation_h = 3, .dilation_w = 3}},
};

// For cooperative matrices: channels in fours, tails in every dimension of the tile, parity classes without a tap.
const Row kMatrix[] = {
    {{2, 9, 61, 4}, {20, 3, 3, 4}, {.stride_h = 2, .stride_w = 2, .pad_h = 1, .pad_w = 1}},
    {{1, 5, 23, 36}, {68, 3, 3, 36}, {.pad_h = 1, .pad_w = 1}},
    {{2, 9, 11, 16}, {24, 3, 3, 8}, {.pad_h = 1, .pad_w = 1, .groups = 2}},
    {{2, 10, 13, 8}, {12, 3, 3, 8}, {.stride_h = 3, .stride_w = 2, .dilation_h = 2, .dilation_w = 2}},
    {{2, 11, 12, 8}, {12, 2, 1, 8}, {.stride_h = 3, .stride_w = 2, .output_scale = 0.3f}},
    {{1, 5, 40, 8}, {8, 3, 5, 8}, {.stride_w = 3, .pad_w = 2}},
    {{16, 8, 8, 12}, {16, 3, 3, 12}, {.pad_h = 1, .pad_w = 1}},
};

}  // namespace

std::vector<OpCase> conv2d_cases() {
  std::vector<OpCase> cases;
  for (const Row& row : kSmall) cases.push_back(whole_case(row));
  for (const graph::OpInfo* op : {&ops::kConv2dOp, &ops::kConv2dBackwardInputOp, &ops::kConv2dBackwardWeightOp}) {
    for (const Row& row : kLarge) cases.push_back(single_case(*op, row, Draw::real));
    for (const Row& row : {kSmall[2], kSmall[7], kLarge[0], kLarge[1], kLarge[3], kSmall[11], kLarge[11], kLarge[12]}) {
      Row levels = row;
      levels.params.output_scale = 0.125f;
      cases.push_back(single_case(*op, levels, Draw::levels));
    }
    for (Row row : kMatrix) {
      row.params.operands = ops::Operands::f16;
      cases.push_back(single_case(*op, row, Draw::short_real));
    }
    Row row = kMatrix[0];
    row.params.operands = ops::Operands::f16;
    cases.push_back(single_case(*op, row, Draw::real));
    row.params.output_scale = 0.125f;
    cases.push_back(single_case(*op, row, Draw::levels));
  }
  for (const Row& row : kLarge) {
    if (row.x.element_count() % 4 != 0) continue;
    for (const bool is_forward : {true, false}) cases.push_back(codes_case(row, is_forward));
  }
  for (Row row : kMatrix) {
    row.params.operands = ops::Operands::f16;
    for (const bool is_forward : {true, false}) cases.push_back(codes_case(row, is_forward));
  }
  for (const Row& row : {kSmall[1], kSmall[2], kSmall[6], kSmall[7], kLarge[0], kLarge[3], kLarge[9], kLarge[10]}) {
    cases.push_back(affine_case(row, false, -INFINITY, INFINITY));
    cases.push_back(affine_case(row, false, 0.0f, INFINITY));
    Row levels = row;
    levels.params.output_scale = 0.125f;
    cases.push_back(affine_case(levels, true, -40.0f, 24.5f));
    cases.push_back(pixels_case(levels, -INFINITY, 30.0f));
  }
  return cases;
}

}  // namespace lowtide::cases
