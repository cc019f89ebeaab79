// SPDX-License-Identifier: Apache-2.0
// Shape rules of the packed ops: what fits gives the right description, what does not gives a sentence. Packed models
// come from files, so absurd parameters must be refused here and not reach a kernel.
#include <gtest/gtest.h>

#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::ops {
namespace {

using graph::Graph;
using quant::ActivationKind;

PackedConv2dOpParams conv3x3() {
  return {
      .activation = ActivationKind::signs, .output_channels = 20, .kernel_h = 3, .kernel_w = 3, .pad_h = 1, .pad_w = 1};
}

struct Operands {
  DType x_type = DType::b1;
  Shape x = {2, 5, 7, 33};
  Shape w = {186};  // 20 runs of 9 * 33 bits: 9 words each, and 9 bits each in 6 words
  Shape thresholds = {2, 20};
};

Result<TensorDesc> conv(const PackedConv2dOpParams& params, const Operands& o = {}) {
  Graph g;
  const ValueId x = g.input("x", {o.x_type, o.x});
  const ValueId w = g.constant("w", {DType::u32, o.w});
  const ValueId t = g.constant("thresholds", {DType::i32, o.thresholds});
  LOWTIDE_TRY(const ValueId y, packed_conv2d(g, "conv", x, w, {t}, params));
  return g.desc(y);
}

void expect_refused(const Result<TensorDesc>& result, const char* word) {
  ASSERT_FALSE(result.has_value()) << to_string(*result);
  EXPECT_NE(result.error().text.find(word), std::string::npos) << result.error().text;
}

TEST(PackedShape, ConvolutionGivesPackedCodes) {
  const auto y = conv(conv3x3());
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(*y, (TensorDesc{DType::b1, Shape{2, 5, 7, 20}}));
}

TEST(PackedShape, ConvolutionRefusesAbsurdParameters) {
  for (const uint32_t absurd : {0u, 0xffffffffu}) {
    for (uint32_t PackedConv2dOpParams::*field :
         {&PackedConv2dOpParams::kernel_h, &PackedConv2dOpParams::kernel_w, &PackedConv2dOpParams::stride_h,
          &PackedConv2dOpParams::stride_w, &PackedConv2dOpParams::dilation_h, &PackedConv2dOpParams::dilation_w,
          &PackedConv2dOpParams::groups, &PackedConv2dOpParams::output_bits, &PackedConv2dOpParams::weight_bits,
          &PackedConv2dOpParams::output_channels}) {
      auto params = conv3x3();
      params.*field = absurd;
      EXPECT_FALSE(conv(params).has_value()) << absurd;
    }
  }
  auto padded = conv3x3();
  padded.pad_h = 0xfffffff0u;
  EXPECT_FALSE(conv(padded).has_value());
  auto unknown = conv3x3();
  unknown.output = static_cast<PackedOutput>(9);
  expect_refused(conv(unknown), "unknown kind");
  auto unknown_weight = conv3x3();
  unknown_weight.weight = static_cast<quant::WeightKind>(3);
  expect_refused(conv(unknown_weight), "unknown kind");
}

TEST(PackedShape, ConvolutionRefusesOperandsThatDoNotFit) {
  expect_refused(conv(conv3x3(), {.x_type = DType::f32}), "packed activations");
  expect_refused(conv(conv3x3(), {.x_type = DType::b2}), "signs have one bit");
  expect_refused(conv(conv3x3(), {.w = {185}}), "should be u32[186]");
  expect_refused(conv(conv3x3(), {.w = {187}}), "should be u32[186]");
  expect_refused(conv(conv3x3(), {.w = {6, 31}}), "should be u32[186]");
  expect_refused(conv(conv3x3(), {.thresholds = {4, 20}}), "thresholds");
  expect_refused(conv(conv3x3(), {.thresholds = {2, 19}}), "thresholds");
  auto huge = conv3x3();
  huge.weight_bits = 8;
  huge.activation = ActivationKind::unsigned_levels;
  expect_refused(conv(huge, {.x_type = DType::b8, .x = {1, 3, 3, 64}, .w = {9 * 2 * 8 * 20}}), "2^24");
  expect_refused(conv(conv3x3(), {.x = {65535, 512, 512, 33}}), "2^31");
}

TEST(PackedShape, KindsHaveTheirBitsAndRows) {
  auto ternary = conv3x3();
  ternary.activation = ternary.output_activation = ActivationKind::shift;
  ternary.weight = quant::WeightKind::shift;
  ternary.weight_bits = 2;
  ternary.output_bits = 3;
  const Operands operands = {.x_type = DType::b2, .w = {372}, .thresholds = {7, 20}};
  const auto y = conv(ternary, operands);
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(*y, (TensorDesc{DType::b3, Shape{2, 5, 7, 20}}));
  expect_refused(conv(ternary, {.x_type = DType::b1, .w = {372}, .thresholds = {7, 20}}), "shift levels");
  ternary.weight_bits = 1;
  expect_refused(conv(ternary, {.x_type = DType::b2, .w = {186}, .thresholds = {7, 20}}), "shift levels");
  ternary.weight_bits = 2;
  expect_refused(conv(ternary, {.x_type = DType::b2, .w = {372}, .thresholds = {8, 20}}), "thresholds");
  ternary.output_bits = 5;
  expect_refused(conv(ternary, operands), "shift levels have 2 to 4");
  ternary.output_activation = ActivationKind::signs;
  ternary.output_bits = 2;
  expect_refused(conv(ternary, operands), "signs have one bit");
  auto twos = conv3x3();
  twos.weight = quant::WeightKind::signed_levels;
  expect_refused(conv(twos), "signed levels");
}

// Two factors of 64 leave room for 4095 products.
TEST(PackedShape, ShiftProductsStayExact) {
  auto params = conv3x3();
  params.activation = ActivationKind::shift;
  params.weight = quant::WeightKind::shift;
  params.weight_bits = 4;
  EXPECT_TRUE(conv(params, {.x_type = DType::b4, .x = {1, 3, 3, 448}, .w = {9 * 14 * 4 * 20}}).has_value());
  expect_refused(conv(params, {.x_type = DType::b4, .x = {1, 3, 3, 480}, .w = {9 * 15 * 4 * 20}}), "2^24");
}

TEST(PackedShape, TapScalesAreOnePerTap) {
  Graph g;
  const ValueId x = g.input("x", {DType::b1, {2, 5, 7, 33}});
  const ValueId w = g.constant("w", {DType::u32, {186}});
  auto params = conv3x3();
  params.output = PackedOutput::tap_scaled;
  const auto y = packed_conv2d(g, "conv", x, w, {g.constant("taps", f32_desc({9}))}, params);
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(g.desc(*y), f32_desc({2, 5, 7, 20}));
  const auto wrong = packed_conv2d(g, "conv", x, w, {g.constant("channels", f32_desc({20}))}, params);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().text.find("tap scales"), std::string::npos) << wrong.error().text;
}

TEST(PackedShape, LinearCoversAllOfAnImage) {
  Graph g;
  const ValueId x = g.input("x", {DType::b2, {3, 4, 5, 40}});
  const quant::PackedWeightExtents extents = {.k = 10, .taps = 20, .c = 40, .bits = 2};
  const ValueId w = g.constant("w", {DType::u32, extents.shape()});
  const ValueId m = g.constant("multiplier", f32_desc({10}));
  const ValueId b = g.constant("offset", f32_desc({10}));
  const auto y = packed_linear(g, "linear", x, w, {m, b},
                               {.activation = ActivationKind::unsigned_levels,
                                .weight_bits = 2,
                                .output_channels = 10,
                                .output = PackedOutput::affine});
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(g.desc(*y), f32_desc({3, 10}));
}

TEST(PackedShape, PoolingRefusesWindowsOutside) {
  Graph g;
  const ValueId x = g.input("x", {DType::b2, {1, 4, 4, 8}});
  const auto y = packed_max_pool2d(g, "pool", x, {});
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(g.desc(*y), (TensorDesc{DType::b2, Shape{1, 2, 2, 8}}));
  EXPECT_FALSE(packed_max_pool2d(g, "pool", x, {.window_h = 5}).has_value());
  EXPECT_FALSE(packed_max_pool2d(g, "pool", x, {.stride_w = 0}).has_value());
  EXPECT_FALSE(packed_max_pool2d(g, "pool", x, {.pad_h = 2}).has_value());
  EXPECT_FALSE(packed_max_pool2d(g, "pool", x, {.window_h = 0}).has_value());
  EXPECT_TRUE(packed_max_pool2d(g, "pool", x, {.activation = ActivationKind::shift}).has_value());
  EXPECT_FALSE(packed_max_pool2d(g, "pool", x, {.activation = ActivationKind::signs}).has_value());
}

TEST(PackedShape, PackTakesAStepWhereTheRuleHasOne) {
  using quant::ActivationRule;
  Graph g;
  const ValueId x = g.input("x", f32_desc({2, 3, 4, 5}));
  const ValueId step = g.constant("inverse_step", f32_desc(Shape{}));
  const ValueId steps = g.constant("inverse_steps", f32_desc({5}));
  const PackOpParams learned = {.bits = 3, .rule = ActivationRule::learned_step};
  EXPECT_TRUE(pack(g, "pack", x, learned, step).has_value());
  EXPECT_TRUE(pack_affine(g, "pack", x, steps, steps, learned, step).has_value());
  EXPECT_FALSE(pack(g, "pack", x, learned).has_value());
  EXPECT_FALSE(pack(g, "pack", x, learned, steps).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.bits = 3}, step).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.bits = 3, .rule = static_cast<ActivationRule>(2)}).has_value());
  EXPECT_FALSE(
      pack(g, "pack", x, {.kind = ActivationKind::shift, .bits = 3, .rule = ActivationRule::learned_step}, step)
          .has_value());
}

TEST(PackedShape, PackRefusesBitsThatDoNotExist) {
  Graph g;
  const ValueId x = g.input("x", f32_desc({2, 3, 4, 5}));
  const auto y = pack(g, "pack", x, {.kind = ActivationKind::unsigned_levels, .bits = 3});
  ASSERT_TRUE(y.has_value()) << y.error().to_string();
  EXPECT_EQ(g.desc(*y), (TensorDesc{DType::b3, Shape{2, 3, 4, 5}}));
  EXPECT_FALSE(pack(g, "pack", x, {.bits = 0}).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.bits = 9}).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.kind = ActivationKind::signs, .bits = 2}).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.kind = ActivationKind::shift, .bits = 1}).has_value());
  EXPECT_FALSE(pack(g, "pack", x, {.kind = ActivationKind::shift, .bits = 5}).has_value());
  EXPECT_FALSE(unpack(g, "unpack", *y, ActivationKind::signs).has_value());
  EXPECT_FALSE(unpack(g, "unpack", x, ActivationKind::unsigned_levels).has_value());
}

}  // namespace
}  // namespace lowtide::ops
