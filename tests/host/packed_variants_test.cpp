// SPDX-License-Identifier: Apache-2.0
// Which kernels of packed layers are to be had on which device, and which one the rules take.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/graph/graph.hpp"
#include "engine/graph/tuning.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/ops/packed_conv2d/lower_matrix.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/plan/lower.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide {
namespace {

using Names = std::vector<std::string>;

struct Layer {
  Shape x = {16, 56, 56, 64};
  uint32_t k = 64, bits = 1, groups = 1;
  ops::PackedOutput output = ops::PackedOutput::codes;
};

graph::Graph graph_of(const Layer& layer) {
  graph::Graph graph;
  const bool has_codes = layer.output == ops::PackedOutput::codes;
  const ops::PackedConv2dOpParams params = {
      .activation = layer.bits == 1 ? quant::ActivationKind::signs : quant::ActivationKind::unsigned_levels,
      .weight_bits = layer.bits,
      .output_channels = layer.k,
      .output = layer.output,
      .kernel_h = 3,
      .kernel_w = 3,
      .pad_h = 1,
      .pad_w = 1,
      .groups = layer.groups};
  const ValueId x = graph.input("x", {packed_dtype(layer.bits), layer.x});
  const quant::PackedWeightExtents extents = {
      .k = layer.k, .taps = 9, .c = layer.x.last() / layer.groups, .bits = layer.bits};
  const ValueId w = graph.input("w", {DType::u32, extents.shape()});
  std::vector<ValueId> further;
  if (has_codes) further.push_back(graph.input("t", {DType::i32, Shape{2, layer.k}}));
  if (layer.output == ops::PackedOutput::tap_scaled) further.push_back(graph.input("s", f32_desc({9})));
  const auto y = ops::packed_conv2d(graph, "conv", x, w, std::move(further), params);
  EXPECT_TRUE(y) << y.error().to_string();
  return graph;
}

Names names_on(const DeviceCaps& caps, const Layer& layer) {
  const graph::Graph graph = graph_of(layer);
  return plan::fitting_variants(graph.nodes().back(), graph, {.caps = caps});
}

std::string kernel_on(const DeviceCaps& caps, const Layer& layer, const std::string& wanted = "") {
  const graph::Graph graph = graph_of(layer);
  graph::Tuning tuning;
  if (!wanted.empty()) tuning.by_op["packed_conv2d"] = wanted;
  const auto lowered = plan::lower(graph, {.caps = caps, .tuning = &tuning});
  EXPECT_TRUE(lowered) << lowered.error().to_string();
  std::string names;
  for (const Dispatch& dispatch : lowered->dispatches) names += kernel_info(dispatch.kernel).name;
  return names;
}

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(PackedVariants, WantTheFeaturesOfTheDevice) {
  const Names floor = names_on(floor_caps(), {});
  EXPECT_FALSE(has(floor, "dot"));
  EXPECT_FALSE(has(floor, "ballot"));
  const Names gpu = names_on(data_centre_caps(), {});
  for (const char* name : {"dot", "dot_64", "ballot", "matrix"}) EXPECT_TRUE(has(gpu, name)) << name;
  DeviceCaps wide = data_centre_caps();
  wide.max_subgroup_size = 128;
  EXPECT_FALSE(has(names_on(wide, {}), "ballot"));
}

TEST(PackedVariants, WantWholeWords) {
  const DeviceCaps caps = data_centre_caps();
  EXPECT_FALSE(has(names_on(caps, {.x = {1, 8, 8, 33}}), "dot"));
  EXPECT_TRUE(has(names_on(caps, {.x = {1, 8, 8, 32}, .k = 5}), "dot"));
  EXPECT_TRUE(has(names_on(caps, {.groups = 2}), "dot"));
  EXPECT_FALSE(has(names_on(caps, {.k = 66, .groups = 2}), "dot"));
  EXPECT_FALSE(has(names_on(caps, {.output = ops::PackedOutput::tap_scaled}), "dot"));
}

TEST(PackedVariants, TuningTakesThemByName) {
  const DeviceCaps caps = data_centre_caps();
  EXPECT_EQ(kernel_on(caps, {}, "dot"), "packed_conv2d_forward_dot");
  EXPECT_EQ(kernel_on(caps, {.output = ops::PackedOutput::accumulator}, "ballot"), "packed_conv2d_forward_ballot_f32");
  EXPECT_EQ(kernel_on(floor_caps(), {}, "dot"), "packed_conv2d_forward");
}

// A data-centre GPU: matrices where a layer keeps the device busy, bit counts where a dispatch costs more than the
// work.
TEST(PackedVariants, RulesTakeMatricesWhereTheyPay) {
  const DeviceCaps gpu = data_centre_caps();
  EXPECT_EQ(kernel_on(gpu, {}), "packed_conv2d_forward_matrix");
  EXPECT_EQ(names_on(gpu, {}).front(), "matrix");
  EXPECT_EQ(kernel_on(gpu, {.output = ops::PackedOutput::accumulator}), "packed_conv2d_forward_matrix_f32");
  EXPECT_EQ(kernel_on(gpu, {.x = {128, 7, 7, 512}, .k = 512}), "packed_conv2d_forward_matrix");
  EXPECT_EQ(kernel_on(gpu, {.x = {4, 56, 56, 64}, .bits = 2}), "packed_conv2d_forward_matrix");
  EXPECT_EQ(kernel_on(gpu, {.x = {1, 56, 56, 64}}), "packed_conv2d_forward");
  EXPECT_EQ(kernel_on(gpu, {.x = {1, 56, 56, 64}}, "matrix"), "packed_conv2d_forward_matrix");
  EXPECT_EQ(names_on(gpu, {.x = {1, 56, 56, 64}}).front(), "unrolled");
  EXPECT_EQ(kernel_on(gpu, {}, "unrolled"), "packed_conv2d_forward");
  DeviceCaps other = gpu;
  other.vendor_id = 0x1002;  // bit counts may be faster there
  EXPECT_EQ(kernel_on(other, {}), "packed_conv2d_forward");
  EXPECT_TRUE(has(names_on(other, {}), "matrix"));
  DeviceCaps without = gpu;
  without.features &= ~bit(Feature::cooperative_matrix_int8);
  EXPECT_EQ(kernel_on(without, {}), "packed_conv2d_forward");
  EXPECT_FALSE(has(names_on(without, {}), "matrix"));
}

// Tiles fit the device whatever it lists, and packed words are written whole.
TEST(PackedVariants, MatrixTilesFitTheDevice) {
  for (const MatrixShape shape :
       {MatrixShape{16, 16, 32}, MatrixShape{16, 16, 16}, MatrixShape{8, 8, 8}, MatrixShape{16, 8, 32}}) {
    for (const uint32_t shared : {16384u, 49152u}) {
      for (const uint32_t bits : {1u, 8u}) {
        DeviceCaps caps = data_centre_caps();
        caps.matrix_s8 = shape;
        caps.max_shared_bytes = shared;
        ops::PackedLayer layer = {.n = 64, .h = 56, .w = 56, .c = 64, .oh = 56, .ow = 56, .k = 70};
        layer.params.output_bits = bits;
        const ops::PackedMatrixTile tile = ops::choose_packed_matrix_tile(layer, caps);
        ASSERT_GT(tile.width, 0u);
        EXPECT_EQ(tile.columns % 32, 0u);
        EXPECT_EQ(tile.width, tile.subgroup_rows * tile.subgroup_columns * caps.subgroup_size);
        EXPECT_EQ(tile.rows, tile.subgroup_rows * tile.row_fragments * shape.m);
        EXPECT_LE(tile.width, caps.max_workgroup_invocations);
        EXPECT_LE(4 * (tile.rows + tile.columns) * (8 * tile.step_words + 4), shared);
      }
    }
  }
  DeviceCaps odd = data_centre_caps();
  odd.matrix_s8 = {16, 16, 24};  // does not divide a word
  EXPECT_EQ(ops::choose_packed_matrix_tile({.n = 1, .c = 32, .k = 32}, odd).width, 0u);
}

TEST(PackedVariants, RulesStandFirstAndNeverEmulate) {
  EXPECT_EQ(names_on(software_caps(), {}).front(), "held");
  EXPECT_EQ(kernel_on(software_caps(), {}), "packed_conv2d_forward_held");
  EXPECT_EQ(kernel_on(software_caps(), {.x = {16, 14, 14, 1024}}), "packed_conv2d_forward");
}

}  // namespace
}  // namespace lowtide
