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

using quant::WeightKind;

struct LayerCase {
  ActivationKind kind = ActivationKind::unsigned_levels;  // of x and of y
  uint32_t x_bits = 1, w_bits = 1, y_bits = 1;
  Shape x;
  uint32_t k = 1;
  uint32_t stride = 1;
  WeightKind weight = WeightKind::odd_levels;
  quant::ActivationRule rule = quant::ActivationRule::unit_range;
};

std::string name_of(const LayerCase& c) {
  constexpr const char* kKinds[] = {"unsigned", "signs", "shift"};
  constexpr const char* kWeights[] = {"", "_shift", "_twos"};
  const char* rule = c.rule == quant::ActivationRule::learned_step ? "_steps" : "";
  return fmt::format("{}_x{}_w{}{}_y{}_c{}_k{}_stride{}{}", kKinds[static_cast<uint32_t>(c.kind)], c.x_bits, c.w_bits,
                     kWeights[static_cast<uint32_t>(c.weight)], c.y_bits, c.x.last(), c.k, c.stride, rule);
}

// Of the activations that enter the layer and of those that leave it.
quant::ActivationQuantizer quantizer_of(const LayerCase& c, uint32_t bits) {
  quant::ActivationQuantizer q = {.kind = c.kind, .bits = bits, .rule = c.rule, .thresholds = {0.75f, 0.5f, 0.25f}};
  if (bits == 4) q.thresholds = {1.0f, 0.875f, 0.75f, 0.5f, 0.375f, 0.25f, 0.125f};
  q.inverse_step = 0.875f * static_cast<float>(quant::max_code(bits));
  return q;
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
  for (float& level : layer.w_levels) {
    level = quant::weight_level(rng.below(quant::max_code(c.w_bits) + 1), c.w_bits, c.weight);
  }
  const double terms = 9.0 * c.x.last();
  const bool is_centred = c.kind != ActivationKind::unsigned_levels;
  for (uint32_t i = 0; i < c.k; ++i) {
    quant::ChannelMap map;
    map.quantizer = quantizer_of(c, c.y_bits);
    map.output_scale = 1.0f / static_cast<float>(quant::max_level(c.kind, c.x_bits)) /
                       static_cast<float>(quant::max_level(c.weight, c.w_bits));
    map.scale = c.w_bits == 1 ? 0.05f + 0.1f * static_cast<float>(rng.uniform()) : 1.0f;
    const double sign = i % 4 == 1 ? -1 : 1;
    map.multiplier = static_cast<float>(sign * (0.3 + rng.uniform()) / (std::sqrt(terms) * map.scale));
    map.offset = static_cast<float>((is_centred ? 0.0 : 0.5) + 0.3 * rng.normal());
    if (i % 5 == 4) {  // round numbers, so that sums meet ties of the quantiser
      map.scale = 1.0f;
      map.output_scale = layer.maps.empty() ? map.output_scale : layer.maps[0].output_scale;
      map.multiplier = 0.125f;
      map.offset = is_centred ? 0.0f : 0.5f;
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

// Levels of x as evaluation makes them; kinds without a quantiser of their own here go through codes and back.
Result<ValueId> levels_of(Graph& g, const LayerCase& c, const std::string& name, ValueId x, uint32_t bits,
                          ValueId inverse_step) {
  if (c.kind == ActivationKind::signs) return ops::quantize_activation_signs(g, name, x);
  const quant::ActivationQuantizer q = quantizer_of(c, bits);
  if (q.kind == ActivationKind::unsigned_levels && !inverse_step.is_valid()) {
    return ops::quantize_activations(g, name, x, bits);
  }
  LOWTIDE_TRY(const ValueId codes, ops::pack(g, name, x, {q.kind, q.bits, q.rule, q.thresholds}, inverse_step));
  return ops::unpack(g, name + "_levels", codes, c.kind);
}

// The inverse step of activations of `bits` bits, where the rule has one.
ValueId step_input(Graph& g, const LayerCase& c, const std::string& name, uint32_t bits, cases::CaseGraph& out) {
  if (c.rule != quant::ActivationRule::learned_step) return {};
  const ValueId step = g.input(name, f32_desc(Shape{}));
  out.inputs.push_back({step, cases::given({double{quantizer_of(c, bits).inverse_step}}), false});
  return step;
}

Result<ValueId> training_form(Graph& g, const LayerCase& c, const Layer& layer, ValueId x, cases::CaseGraph& out) {
  const ValueId x_step = step_input(g, c, "x_step", c.x_bits, out), y_step = step_input(g, c, "y_step", c.y_bits, out);
  LOWTIDE_TRY(const ValueId a, levels_of(g, c, "quantize_x", x, c.x_bits, x_step));
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
  return levels_of(g, c, "quantize_y", y, c.y_bits, y_step);
}

// Returns codes.
Result<ValueId> packed_form(Graph& g, const LayerCase& c, const Layer& layer, ValueId x, cases::CaseGraph& out) {
  const quant::PackedWeightExtents extents = {.k = c.k, .taps = 9, .c = c.x.last(), .bits = c.w_bits, .kind = c.weight};
  const std::vector<uint32_t> words = quant::pack_weights(layer.w_levels, extents);
  const std::vector<int32_t> table = quant::fold_channels(layer.maps);
  const ValueId w = g.input("packed_w", {DType::u32, extents.shape()});
  const ValueId t = g.input("thresholds", {DType::i32, Shape{quant::threshold_rows(c.kind, c.y_bits), c.k}});
  out.inputs.push_back({w, cases::given({words.begin(), words.end()}), false});
  out.inputs.push_back({t, cases::given({table.begin(), table.end()}), false});
  const quant::ActivationQuantizer q = quantizer_of(c, c.x_bits);
  const ValueId step = step_input(g, c, "packed_x_step", c.x_bits, out);
  LOWTIDE_TRY(const ValueId a, ops::pack(g, "pack", x, {q.kind, q.bits, q.rule, q.thresholds}, step));
  return ops::packed_conv2d(g, "packed_conv", a, w, {t},
                            {.activation = c.kind,
                             .weight = c.weight,
                             .weight_bits = c.w_bits,
                             .output_channels = c.k,
                             .output = ops::PackedOutput::codes,
                             .output_activation = c.kind,
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
  const double lo = c.kind == ActivationKind::unsigned_levels ? -0.2 : -1.2;
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
    const auto run = harness::run_on_device(*built, {.caps = harness::test_context().caps(), .naive_only = naive_only},
                                            runtime::KernelForm::preferred);
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
constexpr ActivationKind kShift = ActivationKind::shift;
constexpr WeightKind kOdd = WeightKind::odd_levels;
constexpr WeightKind kShiftWeights = WeightKind::shift;
constexpr WeightKind kTwos = WeightKind::signed_levels;
constexpr auto kSteps = quant::ActivationRule::learned_step;

INSTANTIATE_TEST_SUITE_P(Layers, PackedParity,
                         testing::Values(LayerCase{kSigns, 1, 1, 1, {2, 7, 5, 64}, 64, 1},
                                         LayerCase{kSigns, 1, 1, 1, {2, 7, 5, 37}, 41, 2},
                                         LayerCase{kSigns, 1, 2, 1, {2, 5, 6, 37}, 30, 1},
                                         LayerCase{kUnsigned, 1, 1, 1, {2, 7, 5, 33}, 35, 1},
                                         LayerCase{kUnsigned, 2, 2, 2, {2, 7, 5, 64}, 40, 1},
                                         LayerCase{kUnsigned, 2, 2, 2, {2, 8, 5, 37}, 41, 2},
                                         LayerCase{kUnsigned, 3, 2, 4, {1, 5, 6, 37}, 20, 1},
                                         LayerCase{kUnsigned, 4, 4, 4, {1, 5, 6, 37}, 20, 1},
                                         LayerCase{kUnsigned, 8, 8, 8, {1, 5, 6, 17}, 11, 1},
                                         LayerCase{kSigns, 1, 2, 1, {2, 5, 6, 37}, 30, 1, kShiftWeights},
                                         LayerCase{kShift, 2, 1, 2, {2, 7, 5, 64}, 40, 1, kOdd},
                                         LayerCase{kShift, 2, 2, 2, {2, 7, 5, 37}, 41, 2, kShiftWeights},
                                         LayerCase{kShift, 3, 3, 3, {2, 7, 5, 37}, 41, 1, kShiftWeights},
                                         LayerCase{kShift, 4, 4, 4, {1, 5, 6, 17}, 11, 1, kShiftWeights},
                                         LayerCase{kUnsigned, 4, 3, 4, {1, 5, 6, 37}, 20, 1, kShiftWeights},
                                         LayerCase{kUnsigned, 2, 3, 2, {2, 7, 5, 37}, 41, 1, kTwos, kSteps},
                                         LayerCase{kUnsigned, 4, 4, 4, {1, 5, 6, 37}, 20, 2, kTwos, kSteps},
                                         LayerCase{kUnsigned, 1, 1, 1, {1, 5, 6, 37}, 20, 1, kOdd, kSteps}),
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
