// SPDX-License-Identifier: Apache-2.0
// The rows of `lowtide bench`: the shapes of ResNet-18 (224), ResNet-20 (CIFAR) and CNV that tell the most, in f32 and
// packed. Inputs are constants, so that no row times an upload.
#include <fmt/format.h>

#include <iterator>
#include <span>

#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "tools/bench/op_bench.hpp"

namespace lowtide::bench {
namespace {

using graph::Graph;

struct ConvShape {
  uint32_t n, size, c, kernel, k, stride, groups = 1;

  uint32_t pad() const { return kernel / 2; }
  uint32_t out() const { return (size + 2 * pad() - kernel) / stride + 1; }
  TensorDesc x() const { return f32_desc(Shape{n, size, size, c}); }
  TensorDesc w() const { return f32_desc(Shape{k, kernel, kernel, c / groups}); }
  TensorDesc y() const { return f32_desc(Shape{n, out(), out(), k}); }
  ops::Conv2dParams params() const {
    return {.stride_h = stride, .stride_w = stride, .pad_h = pad(), .pad_w = pad(), .groups = groups};
  }
  std::string name(const char* op) const {
    return fmt::format("{}/{}x{}x{}x{}/{}x{}x{}/stride_{}{}", op, n, size, size, c, kernel, kernel, k, stride,
                       groups == 1 ? "" : fmt::format("/groups_{}", groups));
  }
};

constexpr ConvShape kConvShapes[] = {
    {16, 56, 64, 3, 64, 1},  // ResNet-18, its stages; the first is the shape of the README's table
    {16, 28, 128, 3, 128, 1},     {16, 14, 256, 3, 256, 1},      {16, 7, 512, 3, 512, 1},
    {1, 56, 64, 3, 64, 1},        {1, 28, 128, 3, 128, 1},       {1, 14, 256, 3, 256, 1},
    {1, 7, 512, 3, 512, 1},       {16, 56, 64, 3, 128, 2},        // down-sampling
    {16, 56, 64, 1, 128, 2},                                      // its shortcut
    {128, 32, 16, 3, 16, 1},                                      // ResNet-20
    {128, 8, 64, 3, 64, 1},       {16, 28, 128, 3, 128, 1, 128},  // depthwise, as MobileNet has them
    {16, 56, 64, 3, 64, 2, 64},   {16, 14, 256, 3, 256, 1, 256},  // a depthwise form of ReActNet's 3x3 layers
    {16, 28, 60, 5, 120, 1, 60},                                  // multiplier 2, channels that fill no word
    {16, 28, 128, 3, 128, 1, 32},                                 // four channels a group
    {128, 14, 6, 5, 16, 1},                                       // LeNet-5's second layer
};

Result<void> build_conv(Graph& g, const ConvShape& s) {
  LOWTIDE_TRY_VOID(ops::conv2d(g, "conv", g.constant("x", s.x()), g.constant("w", s.w()), s.params()));
  return {};
}

Result<void> build_conv_backward_input(Graph& g, const ConvShape& s) {
  const ops::Conv2dBackwardInputParams params = {.conv = s.params(), .h = s.size, .w = s.size};
  LOWTIDE_TRY_VOID(
      append_one(g, ops::kConv2dBackwardInputOp, "conv", params, {g.constant("w", s.w()), g.constant("dy", s.y())}));
  return {};
}

Result<void> build_conv_backward_weight(Graph& g, const ConvShape& s) {
  const ops::Conv2dBackwardWeightParams params = {.conv = s.params(), .r = s.kernel, .s = s.kernel};
  LOWTIDE_TRY_VOID(
      append_one(g, ops::kConv2dBackwardWeightOp, "conv", params, {g.constant("x", s.x()), g.constant("dy", s.y())}));
  return {};
}

// What the codes of both operands mean. `products`: words of bits that are counted for one word of x and one of w.
struct PackedForm {
  const char* name;
  quant::ActivationKind activation;
  uint32_t x_bits;
  quant::WeightKind weight;
  uint32_t w_bits;
  uint32_t products;
};

using enum quant::ActivationKind;
constexpr auto kOdd = quant::WeightKind::odd_levels, kShift = quant::WeightKind::shift,
               kTwos = quant::WeightKind::signed_levels;
constexpr PackedForm kPackedForms[] = {
    {"1x1_bits", signs, 1, kOdd, 1, 1},
    {"2x2_bits", unsigned_levels, 2, kOdd, 2, 4},
    {"signs_x_ternary", signs, 1, kShift, 2, 2},
    {"ternary_x_signs", shift, 2, kOdd, 1, 1},
    {"ternary_x_ternary", shift, 2, kShift, 2, 2},
    {"shift3_x_shift3", shift, 3, kShift, 3, 6},
    {"shift4_x_shift4", shift, 4, kShift, 4, 14},
    {"2_bits_x_ternary", unsigned_levels, 2, kShift, 2, 4},
    {"2_bits_x_shift3", unsigned_levels, 2, kShift, 3, 8},
    {"4_bits_x_shift3", unsigned_levels, 4, kShift, 3, 16},
    {"2_bits_x_signed2", unsigned_levels, 2, kTwos, 2, 4},
    {"4_bits_x_signed4", unsigned_levels, 4, kTwos, 4, 16},
};
constexpr size_t kStages = 8;             // the shapes of ResNet-18's stages, batch 16 and 1
constexpr size_t kFormsOfEveryShape = 2;  // the others: of the first shape

// Packed in and out, thresholds fused.
Result<void> build_packed_conv(Graph& g, const ConvShape& s, const PackedForm& form) {
  const quant::PackedWeightExtents extents = {
      .k = s.k, .taps = s.kernel * s.kernel, .c = s.c / s.groups, .bits = form.w_bits};
  const ValueId x = g.constant("x", {packed_dtype(form.x_bits), s.x().shape});
  const ValueId w = g.constant("w", {DType::u32, extents.shape()});
  const uint32_t rows = quant::threshold_rows(form.activation, form.x_bits);
  const ValueId thresholds = g.constant("thresholds", {DType::i32, Shape{rows, s.k}});
  LOWTIDE_TRY_VOID(ops::packed_conv2d(g, "conv", x, w, {thresholds},
                                      {.activation = form.activation,
                                       .weight = form.weight,
                                       .weight_bits = form.w_bits,
                                       .output_channels = s.k,
                                       .output_activation = form.activation,
                                       .output_bits = form.x_bits,
                                       .kernel_h = s.kernel,
                                       .kernel_w = s.kernel,
                                       .stride_h = s.stride,
                                       .stride_w = s.stride,
                                       .pad_h = s.pad(),
                                       .pad_w = s.pad(),
                                       .groups = s.groups}));
  return {};
}

// A scale for each tap: levels in f32, as evaluation has them, and packed signs.
void add_tap_benches(std::vector<OpBench>& out, const ConvShape& s) {
  const TensorDesc scale = f32_desc(Shape{s.kernel * s.kernel});
  out.push_back({.name = s.name("tap_conv2d"), .build = [&s, scale](Graph& g) -> Result<void> {
                   const ValueId x = g.constant("x", s.x()), w = g.constant("w", s.w());
                   LOWTIDE_TRY_VOID(ops::tap_conv2d(g, "conv", x, w, g.constant("scale", scale), s.params()));
                   return {};
                 }});
  out.push_back({.name = s.name("packed_conv2d") + "/1x1_bits_taps",
                 .arithmetic = Arithmetic::codes,
                 .build = [&s, scale](Graph& g) -> Result<void> {
                   const quant::PackedWeightExtents extents = {
                       .k = s.k, .taps = s.kernel * s.kernel, .c = s.c, .bits = 1};
                   const ValueId x = g.constant("x", {packed_dtype(1), s.x().shape});
                   const ValueId w = g.constant("w", {DType::u32, extents.shape()});
                   LOWTIDE_TRY_VOID(ops::packed_conv2d(g, "conv", x, w, {g.constant("scale", scale)},
                                                       {.activation = signs,
                                                        .output_channels = s.k,
                                                        .output = ops::PackedOutput::tap_scaled,
                                                        .kernel_h = s.kernel,
                                                        .kernel_w = s.kernel,
                                                        .stride_h = s.stride,
                                                        .stride_w = s.stride,
                                                        .pad_h = s.pad(),
                                                        .pad_w = s.pad()}));
                   return {};
                 }});
}

void add_linear_benches(std::vector<OpBench>& out) {
  constexpr uint32_t kRows = 128, kInputs = 512, kOutputs = 512;
  out.push_back({.name = "linear/128x512/512", .build = [](Graph& g) -> Result<void> {
                   const ValueId x = g.constant("x", f32_desc(Shape{kRows, kInputs}));
                   const ValueId w = g.constant("w", f32_desc(Shape{kOutputs, kInputs}));
                   LOWTIDE_TRY_VOID(ops::linear(g, "linear", x, w, {}));
                   return {};
                 }});
  out.push_back({.name = "packed_linear/128x512/512/1x1_bits",
                 .arithmetic = Arithmetic::codes,
                 .build = [](Graph& g) -> Result<void> {
                   const quant::PackedWeightExtents extents = {.k = kOutputs, .taps = 1, .c = kInputs, .bits = 1};
                   const ValueId x = g.constant("x", {DType::b1, Shape{kRows, kInputs}});
                   const ValueId w = g.constant("w", {DType::u32, extents.shape()});
                   const ValueId thresholds = g.constant("thresholds", {DType::i32, Shape{2, kOutputs}});
                   LOWTIDE_TRY_VOID(ops::packed_linear(g, "linear", x, w, {thresholds}, {.output_channels = kOutputs}));
                   return {};
                 }});
}

}  // namespace

std::vector<OpBench> all_op_benches() {
  std::vector<OpBench> out;
  for (const ConvShape& s : kConvShapes) {
    const std::string network = &s < kConvShapes + kStages ? "resnet18" : "";
    out.push_back({.name = s.name("conv2d"), .network = network, .build = [&s](Graph& g) { return build_conv(g, s); }});
    out.push_back(
        {.name = s.name("conv2d_backward_input"), .build = [&s](Graph& g) { return build_conv_backward_input(g, s); }});
    out.push_back({.name = s.name("conv2d_backward_weight"),
                   .build = [&s](Graph& g) { return build_conv_backward_weight(g, s); }});
    const size_t forms = &s == kConvShapes ? std::size(kPackedForms) : kFormsOfEveryShape;
    for (const PackedForm& form : std::span(kPackedForms).first(forms)) {
      out.push_back({.name = s.name("packed_conv2d") + "/" + form.name,
                     .arithmetic = Arithmetic::codes,
                     .network = network,
                     .plane_products = form.products,
                     .build = [&s, &form](Graph& g) { return build_packed_conv(g, s, form); }});
    }
  }
  add_tap_benches(out, kConvShapes[0]);
  add_linear_benches(out);
  add_small_op_benches(out);
  return out;
}

}  // namespace lowtide::bench
