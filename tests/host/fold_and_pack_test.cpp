// SPDX-License-Identifier: Apache-2.0
// Export without a device: an evaluation graph made by hand and the graph that the exporter makes of it give the same
// logits, bit for bit, when the reference runs both.
#include "trainer/export/fold_and_pack.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "engine/base/rng.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/elements.hpp"

namespace lowtide::trainer {
namespace {

using graph::Graph;
using Elements = std::vector<double>;

// An evaluation graph whose parameters hold random numbers.
class Evaluation {
 public:
  Graph graph;
  ValueId images, logits;

  ValueId parameter(const std::string& name, const Shape& shape, float lo, float hi) {
    const ValueId id = graph.parameter(name, shape);
    for (uint64_t i = 0; i < shape.element_count(); ++i) elements_[id].push_back(double{rng_.uniform(lo, hi)});
    return id;
  }
  ValueId signs(const std::string& name, const Shape& shape) {
    return *ops::quantize_activation_signs(graph, name + "/levels", parameter(name, shape, -1, 1));
  }
  // Shift levels whose thresholds are multiples of a parameter, as those of a running maximum are.
  ValueId shift(const std::string& name, ValueId x, uint32_t bits) {
    quant::ShiftThresholds thresholds = {0.6f, 0.3f, 0.1f};
    if (bits == 2) thresholds = {0.25f};
    if (bits == 4) thresholds = {1.1f, 0.9f, 0.7f, 0.5f, 0.3f, 0.2f, 0.1f};
    const ValueId base = parameter(name + "/base", Shape{}, 0.8f, 1.2f);
    const ValueId values = *ops::threshold_values(graph, name + "/thresholds", bits, thresholds, base);
    return *ops::quantize_threshold(graph, name, x, values, {.bits = bits});
  }
  ValueId shift_weights(const std::string& name, const Shape& shape, uint32_t bits) {
    return shift(name + "/levels", parameter(name, shape, -1, 1), bits);
  }
  // Batch norm that spreads accumulators of that deviation over a unit.
  ValueId norm(const std::string& name, ValueId x, float deviation) {
    const Shape channels{graph.desc(x).shape.last()};
    const ValueId multiplier = parameter(name + ".multiplier", channels, -0.6f / deviation, 0.9f / deviation);
    return *ops::affine(graph, name, x, multiplier, parameter(name + ".offset", channels, 0.1f, 0.7f));
  }
  void finish(ValueId output) {
    logits = output;
    graph.make_metric(logits, "logits");
    for (int i = 0; i < 240; ++i) elements_[images].push_back(double{rng_.uniform(-0.3f, 1.3f)});
  }
  Elements evaluate(ValueId wanted) const {
    reference::Interpreter interpreter(graph);
    for (const auto& [id, elements] : elements_) interpreter.set(id, elements);
    EXPECT_TRUE(interpreter.evaluate().has_value());
    const auto found = interpreter.elements(wanted);
    return {found.begin(), found.end()};
  }
  Elements image() const { return elements_.at(images); }

 private:
  std::map<ValueId, Elements> elements_;
  Rng rng_{77, 4};
};

Result<PackedGraph> pack(const Evaluation& eval) {
  return fold_and_pack(eval.graph, eval.images, eval.logits, [&](ValueId id) {
    const Elements elements = eval.evaluate(id);
    return std::vector<float>(elements.begin(), elements.end());
  });
}

Elements run(const PackedGraph& packed, const Elements& image) {
  reference::Interpreter interpreter(packed.graph);
  for (const ValueId id : packed.graph.with_role(graph::Role::constant)) {
    const graph::Value& value = packed.graph.value(id);
    interpreter.set(id, harness::elements_of(value.desc, packed.constants.at(value.name)));
  }
  interpreter.set(packed.graph.find(model::kInputName), image);
  EXPECT_TRUE(interpreter.evaluate().has_value());
  const auto found = interpreter.elements(packed.graph.find(model::kOutputName));
  return {found.begin(), found.end()};
}

// images -> 2 bits -> taps with scales -> norm -> 2 bits -> conv -> pool -> norm -> sign -> linear.
Evaluation tap_network() {
  Evaluation e;
  Graph& g = e.graph;
  e.images = g.input("images", f32_desc({1, 6, 5, 8}));
  const ValueId x = *ops::quantize_activations(g, "x", e.images, 2);
  const ValueId scale = e.parameter("taps", {9}, 0.05f, 0.4f);
  ValueId y = *ops::tap_conv2d(g, "first", x, e.signs("first.w", {12, 3, 3, 8}), scale,
                               {.pad_h = 1, .pad_w = 1, .output_scale = 0.33f});
  y = *ops::quantize_activations(g, "first/y", e.norm("first/norm", y, 2), 2);
  y = *ops::conv2d(g, "second", y, e.signs("second.w", {9, 3, 3, 12}), {.pad_h = 1, .pad_w = 1});
  y = *ops::max_pool2d(g, "pool", y, ops::square_pool(2, 2, 0));
  y = *ops::quantize_activation_signs(g, "second/y", e.norm("second/norm", y, 15));
  y = *ops::flatten(g, "flatten", y);
  e.finish(*ops::linear(g, "last", y, e.signs("last.w", {7, 54}), {}));
  return e;
}

TEST(FoldAndPack, TapScalesStayBesideTheirLayer) {
  const Evaluation eval = tap_network();
  const auto packed = pack(eval);
  ASSERT_TRUE(packed.has_value()) << packed.error().to_string();
  ASSERT_EQ(packed->layers.size(), 3u);
  EXPECT_EQ(packed->layers[0].form, "packed_conv2d, tap scales");
  EXPECT_EQ(packed->layers[1].form, "packed_conv2d, accumulators");  // a negative multiplier lies behind the pool
  EXPECT_EQ(packed->layers[2].form, "packed_linear, accumulators");
  const Elements wanted = eval.evaluate(eval.logits);
  EXPECT_EQ(run(*packed, eval.image()), wanted);
  EXPECT_NE(wanted, Elements(wanted.size(), wanted[0])) << "all logits are the same: the case tests nothing";
}

// images -> shift -> conv -> norm -> pool -> shift -> conv -> norm -> sign -> linear, every weight of shift levels.
Evaluation shift_network(uint32_t bits) {
  Evaluation e;
  Graph& g = e.graph;
  const auto highest = static_cast<float>(quant::max_level(quant::ActivationKind::shift, bits));
  e.images = g.input("images", f32_desc({1, 6, 5, 8}));
  ValueId y = e.shift("x", e.images, bits);
  y = *ops::conv2d(g, "first", y, e.shift_weights("first.w", {12, 3, 3, 8}, bits), {.pad_h = 1, .pad_w = 1});
  y = *ops::max_pool2d(g, "pool", e.norm("first/norm", y, 4 * highest * highest), ops::square_pool(2, 2, 0));
  y = e.shift("first/y", y, bits);
  y = *ops::conv2d(g, "second", y, e.shift_weights("second.w", {9, 3, 3, 12}, bits), {.pad_h = 1, .pad_w = 1});
  y = *ops::quantize_activation_signs(g, "second/y", e.norm("second/norm", y, 4 * highest * highest));
  y = *ops::flatten(g, "flatten", y);
  e.finish(*ops::linear(g, "last", y, e.shift_weights("last.w", {7, 54}, bits), {}));
  return e;
}

TEST(FoldAndPack, StaircasesFoldIntoThresholdsOfRanks) {
  for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
    const Evaluation eval = shift_network(bits);
    const auto packed = pack(eval);
    ASSERT_TRUE(packed.has_value()) << packed.error().to_string();
    ASSERT_EQ(packed->layers.size(), 3u);
    EXPECT_EQ(packed->layers[0].form, "packed_conv2d, shift weights, thresholds");
    EXPECT_EQ(packed->layers[0].weight_bits, bits);
    EXPECT_EQ(packed->layers[1].form, "packed_conv2d, shift weights, thresholds");
    const ValueId table = packed->graph.find("first.thresholds");
    ASSERT_TRUE(table.is_valid());
    EXPECT_EQ(packed->graph.desc(table).shape, (Shape{(1u << bits) - 1, 12}));
    const Elements wanted = eval.evaluate(eval.logits);
    EXPECT_EQ(run(*packed, eval.image()), wanted) << bits << " bits";
    EXPECT_NE(wanted, Elements(wanted.size(), wanted[0])) << "all logits are the same: the case tests nothing";
  }
}

// Thresholds that are multiples of the batch's own maximum are no constants.
TEST(FoldAndPack, RefusesThresholdsOfTheImage) {
  Evaluation e;
  Graph& g = e.graph;
  e.images = g.input("images", f32_desc({1, 6, 5, 8}));
  const ValueId maximum =
      *append_one(g, ops::kQuantizeMagnitudeOp, "maximum", ops::QuantizeMagnitudeOpParams{}, {e.images});
  const ValueId thresholds = *ops::threshold_values(g, "thresholds", 2, {0.05f}, maximum);
  ValueId y = *ops::quantize_threshold(g, "x", e.images, thresholds, {.bits = 2});
  y = *ops::conv2d(g, "conv", y, e.shift_weights("conv.w", {3, 3, 3, 8}, 2), {});
  e.finish(*ops::linear(g, "last", *ops::flatten(g, "flatten", y), e.parameter("last.w", {4, 36}, -1, 1), {}));
  const auto packed = pack(e);
  ASSERT_FALSE(packed.has_value());
  EXPECT_EQ(packed.error().code, ErrorCode::unsupported);
  EXPECT_NE(packed.error().text.find("do not depend on the image"), std::string::npos) << packed.error().text;
}

// Unsigned levels with weights that shift, and a pool on codes of shift levels that no layer made.
TEST(FoldAndPack, KindsMeetInOneNetwork) {
  Evaluation e;
  Graph& g = e.graph;
  e.images = g.input("images", f32_desc({1, 6, 5, 8}));
  ValueId y = *ops::max_pool2d(g, "pool", e.shift("x", e.images, 3), ops::square_pool(2, 1, 0));
  y = *ops::conv2d(g, "first", y, e.signs("first.w", {12, 3, 3, 8}), {.pad_h = 1, .pad_w = 1});
  y = *ops::quantize_activations(g, "first/y", e.norm("first/norm", y, 15), 3);
  y = *ops::conv2d(g, "second", y, e.shift_weights("second.w", {10, 3, 2, 12}, 3), {});
  y = *ops::quantize_activation_signs(g, "second/y", e.norm("second/norm", y, 60));
  y = *ops::flatten(g, "flatten", y);
  e.finish(*ops::linear(g, "last", y, e.shift_weights("last.w", {7, 90}, 2), {}));
  const auto packed = pack(e);
  ASSERT_TRUE(packed.has_value()) << packed.error().to_string();
  EXPECT_EQ(packed->layers[0].form, "packed_conv2d, thresholds");
  EXPECT_EQ(packed->layers[1].form, "packed_conv2d, shift weights, thresholds");
  const Elements wanted = e.evaluate(e.logits);
  EXPECT_EQ(run(*packed, e.image()), wanted);
  EXPECT_NE(wanted, Elements(wanted.size(), wanted[0])) << "all logits are the same: the case tests nothing";
}

}  // namespace
}  // namespace lowtide::trainer
