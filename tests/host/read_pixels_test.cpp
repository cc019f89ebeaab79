// SPDX-License-Identifier: Apache-2.0
// What a session makes of a graph whose images are pixels, with hand numbers; and where it must not.
#include "engine/infer/read_pixels.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/rng.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_pixels/packed_pixels.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/quant/pack.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/elements.hpp"
#include "tests/harness/folder_test.hpp"

namespace lowtide {
namespace {

using Names = std::vector<std::string>;

struct Wanted {
  float mean = 0, deviation = 1;
  uint32_t bits = 8;
  bool undoes_normalisation = false;  // by the affine of pack
  bool has_other_reader = false;      // of the codes
  uint32_t dilation = 1;
};

// Of 2x2 pixels: pack, packed_conv2d with two output channels, logits.
class ReadPixels : public harness::FolderTest {
 protected:
  model::PackedModel make(const Wanted& wanted) {
    graph::Graph g;
    model::Constants constants;
    const auto constant = [&](const char* name, TensorDesc desc, const auto& elements) {
      const auto bytes = std::as_bytes(std::span(elements));
      constants[name].assign(bytes.begin(), bytes.end());
      return g.constant(name, desc);
    };
    const ValueId images = g.input("images", f32_desc({1, 2, 2, 1}));
    const ops::PackOpParams pack = {.bits = wanted.bits};
    ValueId codes;
    if (wanted.undoes_normalisation) {
      const ValueId m = constant("pack.multiplier", f32_desc({1}), std::vector{wanted.deviation});
      const ValueId b = constant("pack.offset", f32_desc({1}), std::vector{wanted.mean});
      codes = ops::pack_affine(g, "pack", images, m, b, pack).value();
    } else {
      codes = ops::pack(g, "pack", images, pack).value();
    }
    const quant::PackedWeightExtents extents = {.k = 2, .taps = 4, .c = 1, .bits = 2};
    const std::vector<float> levels = {1, -1, 3, -3, 3, 3, -1, 1};  // [k, taps, c]
    // The name that the pass would give its own constant.
    const ValueId w = constant("images/levels", {DType::u32, extents.shape()}, quant::pack_weights(levels, extents));
    const ValueId m = constant("multiplier", f32_desc({2}), std::vector{2.0f, 1.0f});
    const ValueId b = constant("offset", f32_desc({2}), std::vector{5.0f, -1.0f});
    const ops::PackedConv2dOpParams conv = {.activation = quant::ActivationKind::unsigned_levels,
                                            .weight_bits = 2,
                                            .output_channels = 2,
                                            .output = ops::PackedOutput::affine,
                                            .kernel_h = 2,
                                            .kernel_w = 2,
                                            .pad_h = wanted.dilation - 1,
                                            .pad_w = wanted.dilation - 1,
                                            .dilation_h = wanted.dilation,
                                            .dilation_w = wanted.dilation};
    ValueId y = ops::packed_conv2d(g, "conv", codes, w, {m, b}, conv).value();
    if (wanted.has_other_reader) (void)ops::unpack(g, "unpack", codes, quant::ActivationKind::unsigned_levels).value();
    const uint32_t classes = narrow<uint32_t>(g.desc(y).element_count());
    y = ops::reshape(g, "flat", y, {1, classes}).value();
    g.make_metric(ops::relu(g, "last", y).value(), "logits");
    model::ModelInfo info = {.network = "hand made", .height = 2, .width = 2, .channels = 1, .classes = classes};
    info.mean = {wanted.mean};
    info.deviation = {wanted.deviation};
    const auto path = folder_ / "model.safetensors";
    EXPECT_TRUE(model::write_model(path, info, g, constants));
    auto opened = model::PackedModel::open(path);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return std::move(*opened);
  }

  static infer::PixelGraph read(const model::PackedModel& model) {
    auto result = infer::read_pixels(model.make_graph(1).value(), model, {.caps = software_caps()});
    EXPECT_TRUE(result) << result.error().to_string();
    return std::move(*result);
  }
  static Names ops_of(const infer::PixelGraph& pixels) {
    Names names;
    for (const graph::Node& node : pixels.graph.nodes()) names.emplace_back(node.op->name);
    return names;
  }
  static std::vector<double> logits(const infer::PixelGraph& pixels, const model::PackedModel& model,
                                    std::vector<double> image) {
    reference::Interpreter interpreter(pixels.graph);
    for (const ValueId id : pixels.graph.with_role(graph::Role::constant)) {
      const auto made = std::find_if(pixels.made.begin(), pixels.made.end(), [&](const auto& m) { return m.id == id; });
      const graph::Value& value = pixels.graph.value(id);
      if (made != pixels.made.end()) {
        interpreter.set(id, std::vector<double>(made->elements.begin(), made->elements.end()));
      } else {
        interpreter.set(id, harness::elements_of(value.desc, model.constant(value.name)));
      }
    }
    interpreter.set(pixels.graph.find("images"), image);
    EXPECT_TRUE(interpreter.evaluate());
    const auto found = interpreter.elements(pixels.graph.find("logits"));
    return {found.begin(), found.end()};
  }
};

// 3 - 6 + 6 - 153 = -150, times 2, plus 5; 9 + 18 - 2 + 51 = 76, minus 1. And 1 - 2 + 765 - 3 = 761; 3 + 6 - 255 + 1.
TEST_F(ReadPixels, PixelsAreTheirOwnCodes) {
  const model::PackedModel model = make({});
  const infer::PixelGraph pixels = read(model);
  ASSERT_EQ(ops_of(pixels), (Names{"packed_pixels", "reshape", "relu"}));
  EXPECT_EQ(pixels.graph.desc(pixels.graph.find("images")), (TensorDesc{DType::u8, {1, 2, 2, 1}}));
  EXPECT_EQ(logits(pixels, model, {3, 6, 2, 51}), (std::vector<double>{0, 75}));
  EXPECT_EQ(logits(pixels, model, {1, 2, 255, 1}), (std::vector<double>{1527, 0}));
}

TEST_F(ReadPixels, SoTheyAreBehindAnAffineThatUndoesTheNormalisation) {
  const model::PackedModel model = make({.mean = 0.5f, .deviation = 0.25f, .undoes_normalisation = true});
  const infer::PixelGraph pixels = read(model);
  EXPECT_EQ(ops_of(pixels), (Names{"packed_pixels", "reshape", "relu"}));
  EXPECT_EQ(logits(pixels, model, {1, 2, 255, 1}), (std::vector<double>{1527, 0}));
}

TEST_F(ReadPixels, OtherCodesAreComputed) {
  const Names all = {"normalize_pixels", "pack", "packed_conv2d", "reshape", "relu"};
  EXPECT_EQ(ops_of(read(make({.mean = 0.5f}))), all);
  EXPECT_EQ(ops_of(read(make({.deviation = 0.99f}))), all);
  EXPECT_EQ(ops_of(read(make({.bits = 7}))), all);
  EXPECT_EQ(ops_of(read(make({.dilation = 2}))), all);
}

TEST_F(ReadPixels, CodesThatOthersReadTooArePacked) {
  EXPECT_EQ(ops_of(read(make({.has_other_reader = true}))),
            (Names{"normalize_pixels", "pack", "packed_pixels", "unpack", "reshape", "relu"}));
}

}  // namespace
}  // namespace lowtide
