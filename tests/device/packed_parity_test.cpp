// SPDX-License-Identifier: Apache-2.0
// One numeric definition, on the device: a layer of the training graph as evaluation runs it (levels in f32, conv2d,
// scale, affine, quantiser) gives the codes that its packed form gives, for every element. And what packed ops write
// beyond the last channel of a row is zero.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/rng.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/plan/plan.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "tests/harness/compare.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/harness/draw.hpp"
#include "tests/harness/elements.hpp"

namespace lowtide {
namespace {

using graph::Graph;
using quant::ActivationKind;

struct LayerCase {
  ActivationKind kind = ActivationKind::unsigned_levels;  // of x and of y
  uint32_t x_bits = 1, w_bits = 1, y_bits = 1;
  Shape x;
  uint32_t k = 1;
  uint32_t stride = 1;
};

std::string name_of(const LayerCase& c) {
  return fmt::format("{}_x{}_w{}_y{}_c{}_k{}_stride{}", c.kind == ActivationKind::signs ? "signs" : "unsigned",
                     c.x_bits, c.w_bits, c.y_bits, c.x.last(), c.k, c.stride);
}

// What both forms share: latent inputs, levels of w, the batch norm and the scale of every output channel.
struct Layer {
  std::vector<float> w_levels;
  std::vector<quant::ChannelMap> maps;
};

Layer make_layer(const LayerCase& c) {
  Rng rng(99, c.k);
  Layer layer;
  layer.w_levels.resize(size_t{c.k} * 9 * c.x.last());
  for (float& level : layer.w_levels) level = quant::weight_level(rng.below(quant::max_code(c.w_bits) + 1), c.w_bits);
  const double terms = 9.0 * c.x.last();
  for (uint32_t i = 0; i < c.k; ++i) {
    quant::ChannelMap map;
    map.quantizer = {.kind = c.kind, .bits = c.y_bits};
    map.output_scale = (c.kind == ActivationKind::signs ? 1.0f : quant::level_step(c.x_bits)) *
                       (c.w_bits == 1 ? 1.0f : quant::level_step(c.w_bits));
    map.scale = c.w_bits == 1 ? 0.05f + 0.1f * static_cast<float>(rng.uniform()) : 1.0f;
    const double sign = i % 4 == 1 ? -1 : 1;
    map.multiplier = static_cast<float>(sign * (0.3 + rng.uniform()) / (std::sqrt(terms) * map.scale));
    map.offset = static_cast<float>((c.kind == ActivationKind::signs ? 0.0 : 0.5) + 0.3 * rng.normal());
    if (i % 5 == 4) {  // round numbers, so that sums meet ties of the quantiser
      map.scale = 1.0f;
      map.output_scale = layer.maps.empty() ? map.output_scale : layer.maps[0].output_scale;
      map.multiplier = 0.125f;
      map.offset = 0.5f;
    }
    layer.maps.push_back(map);
  }
  return layer;
}

template <class Get>
std::vector<double> per_channel(const Layer& layer, Get get) {
  std::vector<double> out;
  for (const quant::ChannelMap& map : layer.maps) out.push_back(get(map));
  return out;
}

Result<ValueId> training_form(Graph& g, const LayerCase& c, const Layer& layer, ValueId x, cases::CaseGraph& out) {
  const bool is_signs = c.kind == ActivationKind::signs;
  LOWTIDE_TRY(const ValueId a, is_signs ? ops::quantize_activation_signs(g, "quantize_x", x)
                                        : ops::quantize_activations(g, "quantize_x", x, c.x_bits));
  const ValueId w = g.input("w", f32_desc({c.k, 3, 3, c.x.last()}));
  const ValueId s = g.input("scale", f32_desc({c.k}));
  const ValueId m = g.input("multiplier", f32_desc({c.k}));
  const ValueId b = g.input("offset", f32_desc({c.k}));
  out.inputs.push_back({w, cases::given({layer.w_levels.begin(), layer.w_levels.end()}), false});
  out.inputs.push_back({s, cases::given(per_channel(layer, [](const auto& map) { return map.scale; })), false});
  out.inputs.push_back({m, cases::given(per_channel(layer, [](const auto& map) { return map.multiplier; })), false});
  out.inputs.push_back({b, cases::given(per_channel(layer, [](const auto& map) { return map.offset; })), false});
  LOWTIDE_TRY(ValueId y, ops::conv2d(g, "conv", a, w,
                                     {.stride_h = c.stride,
                                      .stride_w = c.stride,
                                      .pad_h = 1,
                                      .pad_w = 1,
                                      .output_scale = layer.maps[0].output_scale}));
  LOWTIDE_TRY(y, ops::scale(g, "scaled", y, s));
  LOWTIDE_TRY(y, ops::affine(g, "norm", y, m, b));
  return is_signs ? ops::quantize_activation_signs(g, "quantize_y", y)
                  : ops::quantize_activations(g, "quantize_y", y, c.y_bits);
}

// Returns codes.
Result<ValueId> packed_form(Graph& g, const LayerCase& c, const Layer& layer, ValueId x, cases::CaseGraph& out) {
  const quant::PackedWeightExtents extents = {.k = c.k, .taps = 9, .c = c.x.last(), .bits = c.w_bits};
  const std::vector<uint32_t> words = quant::pack_weights(layer.w_levels, extents);
  const std::vector<int32_t> table = quant::fold_channels(layer.maps);
  const ValueId w = g.input("packed_w", {DType::u32, extents.shape()});
  const ValueId t = g.input("thresholds", {DType::i32, Shape{1u << c.y_bits, c.k}});
  out.inputs.push_back({w, cases::given({words.begin(), words.end()}), false});
  out.inputs.push_back({t, cases::given({table.begin(), table.end()}), false});
  LOWTIDE_TRY(const ValueId a, ops::pack(g, "pack", x, {.kind = c.kind, .bits = c.x_bits}));
  return ops::packed_conv2d(g, "packed_conv", a, w, {t},
                            {.activation = c.kind,
                             .output = ops::PackedOutput::codes,
                             .output_bits = c.y_bits,
                             .kernel_h = 3,
                             .kernel_w = 3,
                             .stride_h = c.stride,
                             .stride_w = c.stride,
                             .pad_h = 1,
                             .pad_w = 1});
}

Result<cases::CaseGraph> build(Graph& g, const LayerCase& c) {
  const Layer layer = make_layer(c);
  cases::CaseGraph out;
  const ValueId x = g.input("x", f32_desc(c.x));
  const double lo = c.kind == ActivationKind::signs ? -1 : -0.2;
  out.inputs.push_back({x, cases::uniform(lo, 1.2), false});
  LOWTIDE_TRY(const ValueId trained, training_form(g, c, layer, x, out));
  LOWTIDE_TRY(const ValueId codes, packed_form(g, c, layer, x, out));
  LOWTIDE_TRY(const ValueId levels, ops::unpack(g, "unpack", codes, c.kind));
  out.outputs = {trained, levels};
  return out;
}

class PackedParity : public testing::TestWithParam<LayerCase> {};

TEST_P(PackedParity, PackedCodesEqualTrainingLevels) {
  const LayerCase& c = GetParam();
  const auto built = harness::build_forward({.name = name_of(c), .build = [&](Graph& g) { return build(g, c); }});
  ASSERT_TRUE(built.has_value()) << built.error().to_string();
  for (const bool naive_only : {false, true}) {
    const auto run = harness::run_on_device(*built, naive_only, runtime::KernelForm::preferred);
    ASSERT_TRUE(run.has_value()) << run.error().to_string();
    const std::vector<double>& trained = run->elements.at(built->outputs[0].index);
    const std::vector<double>& packed = run->elements.at(built->outputs[1].index);
    EXPECT_EQ(harness::compare_exactly(trained, packed), "");
    const auto [lowest, highest] = std::minmax_element(trained.begin(), trained.end());
    EXPECT_LT(*lowest, *highest) << "every level is the same: the case tests nothing";
  }
}

constexpr ActivationKind kSigns = ActivationKind::signs;
constexpr ActivationKind kUnsigned = ActivationKind::unsigned_levels;

INSTANTIATE_TEST_SUITE_P(Layers, PackedParity,
                         testing::Values(LayerCase{kSigns, 1, 1, 1, {2, 7, 5, 64}, 64, 1},
                                         LayerCase{kSigns, 1, 1, 1, {2, 7, 5, 37}, 41, 2},
                                         LayerCase{kSigns, 1, 2, 1, {2, 5, 6, 37}, 30, 1},
                                         LayerCase{kUnsigned, 1, 1, 1, {2, 7, 5, 33}, 35, 1},
                                         LayerCase{kUnsigned, 2, 2, 2, {2, 7, 5, 64}, 40, 1},
                                         LayerCase{kUnsigned, 2, 2, 2, {2, 8, 5, 37}, 41, 2},
                                         LayerCase{kUnsigned, 3, 2, 4, {1, 5, 6, 37}, 20, 1},
                                         LayerCase{kUnsigned, 4, 4, 4, {1, 5, 6, 37}, 20, 1},
                                         LayerCase{kUnsigned, 8, 8, 8, {1, 5, 6, 17}, 11, 1}),
                         [](const auto& test) { return name_of(test.param); });

// The words of a packed value as the device holds them.
std::vector<uint32_t> words_of(runtime::Executor& executor, uint32_t slot, ValueId id, uint64_t bytes) {
  std::vector<uint32_t> words(bytes / 4);
  std::memcpy(words.data(), executor.output(slot, id).data(), bytes);
  return words;
}

TEST(PackedTails, AreZero) {
  runtime::Context& context = harness::test_context();
  for (const bool naive_only : {false, true}) {
    const LayerCase c = {kUnsigned, 2, 2, 3, {2, 6, 5, 37}, 41, 1};
    Graph g;
    const Layer layer = make_layer(c);
    cases::CaseGraph inputs;
    const ValueId x = g.input("x", f32_desc(c.x));
    inputs.inputs.push_back({x, cases::uniform(0.5, 1.5), false});
    const auto codes = packed_form(g, c, layer, x, inputs);
    ASSERT_TRUE(codes.has_value()) << codes.error().to_string();
    const auto pooled = ops::packed_max_pool2d(g, "pool", *codes, {});
    ASSERT_TRUE(pooled.has_value()) << pooled.error().to_string();
    const ValueId packed = g.nodes()[0].out();
    const std::vector<ValueId> outputs = {packed, *codes, *pooled};
    for (const ValueId id : outputs) g.make_metric(id, fmt::format("metric{}", id.index));
    auto program = plan::make_program(g, {.caps = context.caps(), .naive_only = naive_only});
    ASSERT_TRUE(program.has_value()) << program.error().to_string();
    auto executor = runtime::Executor::create(context, std::move(*program), {}, {.slots = 1, .poison = true});
    ASSERT_TRUE(executor.has_value()) << executor.error().to_string();
    const auto slot = (*executor)->acquire();
    ASSERT_TRUE(slot.has_value());
    for (const cases::CaseInput& input : inputs.inputs) {
      const TensorDesc& desc = g.desc(input.id);
      const auto bytes = harness::bytes_of(desc, harness::draw(input.distribution, desc.element_count(), 1));
      std::copy(bytes.begin(), bytes.end(), (*executor)->input(*slot, input.id).begin());
    }
    const auto ticket = (*executor)->submit(*slot);
    ASSERT_TRUE(ticket.has_value()) << ticket.error().to_string();
    ASSERT_TRUE((*executor)->wait(*ticket).has_value());
    for (const ValueId id : outputs) {
      const TensorDesc& desc = g.desc(id);
      const uint32_t tail = ~((1u << (desc.shape.last() % 32)) - 1);
      const std::vector<uint32_t> words = words_of(**executor, *slot, id, desc.bytes());
      uint32_t any = 0;
      for (size_t i = 1; i < words.size(); i += 2) any |= words[i];  // two words in a plane: the second has the tail
      EXPECT_EQ(any & tail, 0u) << to_string(desc);
      EXPECT_NE(any & ~tail, 0u) << "nothing was set at all";
    }
  }
}

}  // namespace
}  // namespace lowtide
