// SPDX-License-Identifier: Apache-2.0
// What a session fuses before it plans a model, and what it must leave: values that others read too, and outputs.
#include "engine/infer/fuse_epilogues.hpp"

#include <gtest/gtest.h>

#include "engine/ops/add/add.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/pooled_signs/pooled_signs.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/residual_signs/residual_signs.hpp"

namespace lowtide {
namespace {

using graph::Graph;

struct Ends {
  ValueId x, w, multiplier, offset;
};

Ends add_ends(Graph& g, uint32_t groups = 1) {
  return {g.input("images", f32_desc({1, 9, 9, 8})), g.constant("w", f32_desc({16, 3, 3, 8 / groups})),
          g.constant("multiplier", f32_desc({16})), g.constant("offset", f32_desc({16}))};
}

std::vector<std::string> ops_of(const Graph& g) {
  std::vector<std::string> names;
  for (const graph::Node& node : g.nodes()) names.emplace_back(node.op->name);
  return names;
}

using Names = std::vector<std::string>;

Graph fused(const Graph& g, const DeviceCaps& caps = software_caps()) {
  auto result = infer::fuse_epilogues(g, {.caps = caps});
  EXPECT_TRUE(result.has_value());
  return result ? std::move(*result) : Graph();
}

TEST(FuseEpilogues, ConvolutionTakesAffineAndBounds) {
  for (const bool is_clip : {true, false}) {
    Graph g;
    const Ends e = add_ends(g);
    const ValueId sums = ops::conv2d(g, "conv", e.x, e.w, {.stride_h = 2, .output_scale = 0.5f}).value();
    const ValueId mapped = ops::affine(g, "norm", sums, e.multiplier, e.offset).value();
    const ValueId y =
        is_clip ? ops::clip(g, "clip", mapped, -0.5f, 2.0f).value() : ops::relu(g, "relu", mapped).value();
    g.make_metric(y, "logits");
    const Graph f = fused(g);
    ASSERT_EQ(ops_of(f), Names{"conv2d_affine"});
    const graph::Node& node = f.nodes().front();
    EXPECT_EQ(node.name, "conv");
    const auto p = node.params<ops::Conv2dAffineOpParams>();
    EXPECT_EQ(p.conv.stride_h, 2u);
    EXPECT_EQ(p.conv.output_scale, 0.5f);
    EXPECT_EQ(p.lo, is_clip ? -0.5f : 0.0f);
    EXPECT_EQ(p.hi, is_clip ? 2.0f : INFINITY);
    EXPECT_EQ(f.find("logits"), node.out());
    EXPECT_EQ(f.find("multiplier"), node.in(2));
    EXPECT_EQ(f.find("offset"), node.in(3));
    EXPECT_EQ(f.desc(node.out()), g.desc(y));
  }
}

TEST(FuseEpilogues, WhatOthersReadStays) {
  Graph g;
  const Ends e = add_ends(g);
  const ValueId sums = ops::conv2d(g, "conv", e.x, e.w, {}).value();
  (void)ops::affine(g, "norm", sums, e.multiplier, e.offset).value();
  (void)ops::relu(g, "relu", sums).value();
  EXPECT_EQ(ops_of(fused(g)), (Names{"conv2d", "affine", "relu"}));
}

// A file may compute what an affine multiplies by, after the convolution.
TEST(FuseEpilogues, ComputedFactorsStay) {
  Graph g;
  const Ends e = add_ends(g);
  const ValueId sums = ops::conv2d(g, "conv", e.x, e.w, {}).value();
  const ValueId factors = ops::relu(g, "factors", e.multiplier).value();
  (void)ops::affine(g, "norm", sums, factors, e.offset).value();
  EXPECT_EQ(ops_of(fused(g)), (Names{"conv2d", "relu", "affine"}));
}

// The shortcut may come later than the convolution.
TEST(FuseEpilogues, PackedConvolutionTakesResidualWhereItStands) {
  Graph g;
  const ValueId x = g.input("images", f32_desc({1, 8, 8, 64})), w = g.constant("w", {DType::u32, {9 * 2 * 64}});
  const ValueId m = g.constant("m", f32_desc({64})), o = g.constant("o", f32_desc({64}));
  const ValueId codes = ops::pack(g, "pack", x, {.kind = quant::ActivationKind::signs, .bits = 1}).value();
  const ops::PackedConv2dOpParams params = {
      .output_channels = 64, .output = ops::PackedOutput::affine, .kernel_h = 3, .kernel_w = 3, .pad_h = 1, .pad_w = 1};
  const ValueId y = ops::packed_conv2d(g, "conv", codes, w, {m, o}, params).value();
  const ValueId shortcut = ops::relu(g, "shortcut", x).value();
  (void)ops::residual_signs(g, "residual", shortcut, y, {-0.5f, 0.5f}).value();
  const Graph f = fused(g);
  ASSERT_EQ(ops_of(f), (Names{"pack", "relu", "packed_conv2d_residual"}));
  const graph::Node& node = f.nodes().back();
  EXPECT_EQ(node.in(4), f.nodes()[1].out());
  EXPECT_EQ(node.params<ops::PackedConv2dResidualOpParams>().hi, 0.5f);
  EXPECT_EQ(ops_of(fused(g, data_centre_caps())), (Names{"pack", "packed_conv2d", "relu", "residual_signs"}));
}

TEST(FuseEpilogues, OutputsStay) {
  Graph g;
  const Ends e = add_ends(g);
  const ValueId sums = ops::conv2d(g, "conv", e.x, e.w, {}).value();
  const ValueId mapped = ops::affine(g, "norm", sums, e.multiplier, e.offset).value();
  g.make_metric(mapped, "logits");
  (void)ops::relu(g, "relu", mapped).value();
  const Graph f = fused(g);
  EXPECT_EQ(ops_of(f), (Names{"conv2d_affine", "relu"}));
  EXPECT_EQ(f.find("logits"), f.nodes().front().out());
}

// The shortcut of a block reads what its signs are packed from.
TEST(FuseEpilogues, PoolTakesBoundsAndSigns) {
  Graph g;
  const ValueId x = g.input("images", f32_desc({1, 8, 8, 40}));
  const ValueId pooled =
      ops::max_pool2d(g, "pool", x, {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2}).value();
  const ValueId bounded = ops::clip(g, "clip", pooled, -1.0f, 1.0f).value();
  const ValueId codes = ops::pack(g, "pack", bounded, {.kind = quant::ActivationKind::signs, .bits = 1}).value();
  const ValueId levels = ops::unpack(g, "unpack", codes, quant::ActivationKind::signs).value();
  g.make_metric(ops::add(g, "add", levels, bounded).value(), "logits");
  const Graph f = fused(g);
  ASSERT_EQ(ops_of(f), (Names{"pooled_signs", "unpack", "add"}));
  const graph::Node &pool = f.nodes()[0], &add = f.nodes()[2];
  EXPECT_EQ(pool.params<ops::PooledSignsOpParams>().lo, -1.0f);
  EXPECT_EQ(pool.params<ops::PooledSignsOpParams>().hi, 1.0f);
  EXPECT_EQ(f.nodes()[1].in(0), pool.outputs[1]);
  EXPECT_EQ(add.in(1), pool.outputs[0]);
}

// Other codes than signs need pack itself.
TEST(FuseEpilogues, PoolBeforeOtherCodesStays) {
  Graph g;
  const ValueId x = g.input("images", f32_desc({1, 8, 8, 40}));
  const ValueId pooled =
      ops::max_pool2d(g, "pool", x, {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2}).value();
  (void)ops::pack(g, "pack", pooled, {.kind = quant::ActivationKind::unsigned_levels, .bits = 2}).value();
  EXPECT_EQ(ops_of(fused(g)), (Names{"max_pool2d", "pack"}));
}

// Depthwise convolutions have kernels of their own, whose sums the fused one would not repeat in their order.
TEST(FuseEpilogues, OtherKernelsStay) {
  Graph g;
  const ValueId x = g.input("images", f32_desc({1, 9, 9, 16})), w = g.constant("w", f32_desc({16, 3, 3, 1}));
  const ValueId m = g.constant("m", f32_desc({16})), o = g.constant("o", f32_desc({16}));
  const ValueId sums = ops::conv2d(g, "conv", x, w, {.groups = 16}).value();
  (void)ops::affine(g, "norm", sums, m, o).value();
  EXPECT_EQ(ops_of(fused(g)), (Names{"conv2d", "affine"}));
}

}  // namespace
}  // namespace lowtide
