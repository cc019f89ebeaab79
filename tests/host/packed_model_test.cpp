// SPDX-License-Identifier: Apache-2.0
// Packed model files: what is written is read back, for any batch; hostile files get a sentence, never a crash.
#include "engine/model/packed_model.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "engine/base/file.hpp"
#include "engine/base/rng.hpp"
#include "engine/graph/dump.hpp"
#include "engine/model/graph_text.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::model {
namespace {

using graph::Graph;

std::vector<std::byte> bytes_of(const std::vector<int32_t>& words) {
  std::vector<std::byte> bytes(words.size() * 4);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

struct Example {
  Graph graph;
  Constants constants;
  CodedWeights coded;
  ModelInfo info;

  ValueId constant(const std::string& name, TensorDesc desc) {
    std::vector<int32_t> words(desc.bytes() / 4);
    for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<int32_t>(i % 7);
    constants[name] = bytes_of(words);
    return graph.constant(name, desc);
  }
};

// images [1, 6, 5, 3] -> pack -> packed conv 3x3 with thresholds -> packed linear -> logits [1, 4].
Example make_example() {
  Example e;
  Graph& g = e.graph;
  const ValueId x = g.input(std::string(kInputName), f32_desc(Shape{1, 6, 5, 3}));
  const ValueId codes = *ops::pack(g, "pack", x, {quant::ActivationKind::unsigned_levels, 2});
  const quant::PackedWeightExtents conv = {.k = 5, .taps = 9, .c = 3, .bits = 1};
  const ValueId w = e.constant("conv.weight", {DType::u32, conv.shape()});
  const ValueId thresholds = e.constant("conv.thresholds", {DType::i32, Shape{4, 5}});
  e.constants["conv.thresholds"] = bytes_of({1, -1, 1, 1, -1, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9});
  const ValueId y = *ops::packed_conv2d(g, "conv", codes, w, {thresholds},
                                        {.activation = quant::ActivationKind::unsigned_levels,
                                         .output_channels = 5,
                                         .output_bits = 2,
                                         .kernel_h = 3,
                                         .kernel_w = 3,
                                         .pad_h = 1,
                                         .pad_w = 1});
  const quant::PackedWeightExtents linear = {.k = 4, .taps = 30, .c = 5, .bits = 2};
  const ValueId v = e.constant("linear.weight", {DType::u32, linear.shape()});
  const ValueId logits = *ops::packed_linear(g, "linear", y, v, {},
                                             {.activation = quant::ActivationKind::unsigned_levels,
                                              .weight_bits = 2,
                                              .output_channels = 4,
                                              .output = ops::PackedOutput::accumulator,
                                              .output_scale = 0.1f});
  g.make_metric(logits, std::string(kOutputName));
  e.info = {.network = "example",
            .height = 6,
            .width = 5,
            .channels = 3,
            .classes = 4,
            .mean = {0.5f, 0.25f, 0.1f},
            .deviation = {1, 2, 0.3f},
            .class_names = {"a", "b", "c", "d"},
            .source = "by hand"};
  return e;
}

std::filesystem::path written(const Example& e, const char* name) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  const auto done = write_model(path, e.info, e.graph, e.constants, e.coded);
  EXPECT_TRUE(done.has_value()) << done.error().to_string();
  return path;
}

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return {file->bytes().begin(), file->bytes().end()};
}

TEST(PackedModel, ReadsBackWhatWasWritten) {
  const Example e = make_example();
  const auto model = PackedModel::open(written(e, "roundtrip.safetensors"));
  ASSERT_TRUE(model.has_value()) << model.error().to_string();
  EXPECT_EQ(model->info().network, "example");
  EXPECT_EQ(model->info().class_names, e.info.class_names);
  EXPECT_EQ(model->info().deviation, e.info.deviation);
  const auto graph = model->make_graph(1);
  ASSERT_TRUE(graph.has_value());
  EXPECT_EQ(encode_graph(*graph), encode_graph(e.graph));
  for (const auto& [name, bytes] : e.constants) {
    const auto read = model->constant(name);
    EXPECT_TRUE(std::equal(read.begin(), read.end(), bytes.begin(), bytes.end())) << name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read.data()) % kTensorAlignment, 0u)
        << name << " is not aligned in the mapping";
  }
}

TEST(PackedModel, TakesAnyBatch) {
  const auto model = PackedModel::open(written(make_example(), "batch.safetensors"));
  ASSERT_TRUE(model.has_value());
  const auto graph = model->make_graph(17);
  ASSERT_TRUE(graph.has_value()) << graph.error().to_string();
  EXPECT_EQ(graph->desc(graph->find(kOutputName)).shape, (Shape{17, 4}));
  const auto absurd = model->make_graph(0x7fffffff);
  ASSERT_FALSE(absurd.has_value());
  EXPECT_EQ(absurd.error().code, ErrorCode::format);
}

TEST(PackedModel, RefusesThresholdsOutOfOrder) {
  Example e = make_example();
  e.constants["conv.thresholds"] = bytes_of({1, 1, 1, 1, 1, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 4, 9, 9, 9, 9});
  const auto model = PackedModel::open(written(e, "order.safetensors"));
  ASSERT_FALSE(model.has_value());
  EXPECT_NE(model.error().text.find("out of order"), std::string::npos) << model.error().text;
}

// images [1, 2, 2, 41] -> pack -> packed linear of ternary weights -> logits [1, 3]. `tails`: 4 bits of each plane and
// channel.
Example ternary_example(uint32_t magnitudes, uint32_t signs, uint32_t tails = 0xfff) {
  Example e;
  Graph& g = e.graph;
  const ValueId x = g.input(std::string(kInputName), f32_desc(Shape{1, 2, 2, 41}));
  const ValueId codes =
      *ops::pack(g, "pack", x, {.kind = quant::ActivationKind::shift, .bits = 3, .thresholds = {0.5f, 0.25f, 0.125f}});
  const quant::PackedWeightExtents extents = {.k = 3, .taps = 4, .c = 41, .bits = 2, .kind = quant::WeightKind::shift};
  const ValueId w = e.constant("linear.weight", {DType::u32, extents.shape()});
  std::vector<int32_t> words(extents.words());
  for (size_t i = 0; i < words.size(); ++i) words[i] = i / extents.k % 2 == 1 ? 0 : -1;  // +1 everywhere
  words.back() = static_cast<int32_t>(tails);
  words[0] = static_cast<int32_t>(magnitudes);  // of channel 0
  words[extents.k] = static_cast<int32_t>(signs);
  e.constants["linear.weight"] = bytes_of(words);
  const ValueId logits = *ops::packed_linear(g, "linear", codes, w, {},
                                             {.activation = quant::ActivationKind::shift,
                                              .weight = quant::WeightKind::shift,
                                              .weight_bits = 2,
                                              .output_channels = 3,
                                              .output = ops::PackedOutput::accumulator});
  g.make_metric(logits, std::string(kOutputName));
  e.info = {.network = "example",
            .height = 2,
            .width = 2,
            .channels = 41,
            .classes = 3,
            .mean = std::vector<float>(41, 0.5f),
            .deviation = std::vector<float>(41, 1.0f),
            .source = "by hand"};
  return e;
}

TEST(PackedModel, RefusesZerosWithSigns) {
  EXPECT_TRUE(PackedModel::open(written(ternary_example(0xff, 0x0f), "canonical.safetensors")).has_value());
  const auto model = PackedModel::open(written(ternary_example(0xff, 0x10f), "signed_zero.safetensors"));
  ASSERT_FALSE(model.has_value());
  EXPECT_NE(model.error().text.find("zero with a sign"), std::string::npos) << model.error().text;
  // Channel 1: bits 4 .. 7 of the tails are its magnitudes, bits 16 .. 19 its signs.
  EXPECT_TRUE(PackedModel::open(written(ternary_example(0xff, 0, 0x10fff), "canonical.safetensors")).has_value());
  const auto tail = PackedModel::open(written(ternary_example(0xff, 0, 0x10fef), "signed_zero.safetensors"));
  ASSERT_FALSE(tail.has_value());
  EXPECT_NE(tail.error().text.find("of channel 1 hold a zero with a sign"), std::string::npos) << tail.error().text;
}

// images [1, 1, 1, 13] -> linear of ternary weights at rest, f32 [3, 13] -> logits [1, 3].
Example coded_example(std::vector<int32_t> words = {0x7f, 0, 0x0f, 0}) {
  Example e;
  const ValueId images = e.graph.input(std::string(kInputName), f32_desc(Shape{1, 1, 1, 13}));
  const ValueId w = e.graph.constant("linear/w", f32_desc(Shape{3, 13}));
  e.coded["linear/w"] = {quant::CodeKind::shift, 2};
  e.constants["linear/w"] = bytes_of(words);
  const ValueId logits = *ops::linear(e.graph, "linear", *ops::flatten(e.graph, "flat", images), w, {});
  e.graph.make_metric(logits, std::string(kOutputName));
  e.info = {.network = "example",
            .height = 1,
            .width = 1,
            .channels = 13,
            .classes = 3,
            .mean = std::vector<float>(13, 0.5f),
            .deviation = std::vector<float>(13, 1.0f),
            .source = "by hand"};
  return e;
}

TEST(PackedModel, DecodesWeightsAtRest) {
  const auto model = PackedModel::open(written(coded_example(), "coded.safetensors"));
  ASSERT_TRUE(model.has_value()) << model.error().to_string();
  ASSERT_EQ(model->coded().size(), 1u);
  EXPECT_EQ(model->coded().at("linear/w"), (quant::WeightCodes{quant::CodeKind::shift, 2}));
  EXPECT_EQ(model->constant("linear/w").size(), 16u);
  const auto graph = model->make_graph(1);
  ASSERT_TRUE(graph.has_value());
  std::vector<float> levels(39, 0.0f);
  std::fill_n(levels.begin(), 4, -1.0f);
  std::fill_n(levels.begin() + 4, 3, 1.0f);
  EXPECT_EQ(model->decoded(graph->value(graph->find("linear/w"))), levels);
}

TEST(PackedModel, RefusesCodesThatAreNone) {
  for (const auto& words : {std::vector<int32_t>{0x7f, 0, 0xff, 0}, std::vector<int32_t>{0, 0x80, 0, 0}}) {
    const auto model = PackedModel::open(written(coded_example(words), "no_code.safetensors"));
    ASSERT_FALSE(model.has_value());
    EXPECT_NE(model.error().text.find("zero with a sign"), std::string::npos) << model.error().text;
  }
}

// Replaces a text of the same length in the file.
std::string error_after(const char* name, std::string_view from, std::string_view to,
                        const Example& example = make_example()) {
  EXPECT_EQ(from.size(), to.size());
  std::vector<std::byte> bytes = file_bytes(written(example, name));
  const auto at = std::search(bytes.begin(), bytes.end(), reinterpret_cast<const std::byte*>(from.data()),
                              reinterpret_cast<const std::byte*>(from.data()) + from.size());
  if (at == bytes.end()) return "the text is not in the file";
  std::memcpy(&*at, to.data(), to.size());
  const auto model = PackedModel::parse(bytes, "hostile");
  return model ? "" : model.error().text;
}

TEST(PackedModel, SaysWhatIsWrongWithTheGraph) {
  EXPECT_NE(error_after("a", "packed_conv2d", "packed_covn2d").find("is not an op"), std::string::npos);
  EXPECT_NE(error_after("b", R"(stride_h\":1)", R"(stride_h\":0)").find("stride_h"), std::string::npos);
  EXPECT_NE(error_after("c", R"(output_bits\":2)", R"(output_bits\":9)").find("output_bits"), std::string::npos);
  EXPECT_NE(error_after("d", R"(format_version":"4)", R"(format_version":"3)").find("export"), std::string::npos);
  EXPECT_NE(error_after("g", R"(weight\":0)", R"(weight\":3)").find("weight"), std::string::npos);
  EXPECT_NE(error_after("h", R"(activation\":0)", R"(activation\":3)").find("activation"), std::string::npos);
  EXPECT_NE(error_after("i", R"(\"rule\":0)", R"(\"rule\":1)").find("step"), std::string::npos);
  EXPECT_NE(error_after("l", R"(\"output\":2)", R"(\"output\":3)").find("inputs"), std::string::npos);
  EXPECT_NE(error_after("m", R"(\"output\":0)", R"(\"output\":1)").find("inputs"), std::string::npos);
  EXPECT_NE(error_after("e", R"(inputs\":[0])", R"(inputs\":[9])").find("does not exist"), std::string::npos);
  EXPECT_NE(error_after("f", R"(\"height\":6)", R"(\"height\":7)").find("shape"), std::string::npos);
}

TEST(PackedModel, SaysWhatIsWrongWithCodes) {
  const Example e = coded_example();
  EXPECT_NE(error_after("n", R"(kind\":1)", R"(kind\":4)", e).find("kinds are 0 .. 3"), std::string::npos);
  EXPECT_NE(error_after("o", R"(bits\":2)", R"(bits\":6)", e).find("kinds are 0 .. 3"), std::string::npos);
  EXPECT_NE(error_after("p", R"(bits\":2)", R"(bits\":3)", e).find("another type or shape"), std::string::npos);
  EXPECT_NE(error_after("q", R"(kind\":1)", R"(kine\":1)", e).find("need kind and bits"), std::string::npos);
  EXPECT_NE(error_after("r", R"(codes\")", R"(coded\")", e).find("another type or shape"), std::string::npos);
  EXPECT_NE(error_after("s", R"(\"dtype\":\"f32\",\"name\":\"linear)", R"(\"dtype\":\"u32\",\"name\":\"linear)", e)
                .find("stand for f32"),
            std::string::npos);
}

// A table of shift codes has a row less than codes have values.
TEST(PackedModel, RefusesThresholdsOfAnotherKind) {
  EXPECT_NE(error_after("k", R"(output_activation\":0)", R"(output_activation\":2)").find("thresholds"),
            std::string::npos);
}

// Whatever bytes change: an error or a model, never an abort. The header is where the structure is, so most changes go
// there.
void expect_survival(const Example& example) {
  const std::vector<std::byte> good = file_bytes(written(example, "random.safetensors"));
  Rng rng(5, 5);
  const char digits[] = "0123456789[]{},\":-eE.";
  size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::byte> bytes = good;
    const uint32_t changes = 1 + rng.below(3);
    for (uint32_t i = 0; i < changes; ++i) {
      const uint32_t at = 8 + rng.below(static_cast<uint32_t>(std::min<size_t>(bytes.size() - 8, 2400)));
      bytes[at] = rng.below(2) == 0 ? static_cast<std::byte>(digits[rng.below(sizeof digits - 1)])
                                    : static_cast<std::byte>(rng.below(256));
    }
    if (rng.below(8) == 0) bytes.resize(rng.below(static_cast<uint32_t>(bytes.size())));
    const auto model = PackedModel::parse(bytes, "random");
    if (!model) {
      ++refused;
      EXPECT_FALSE(model.error().text.empty());
    } else {
      const auto graph = model->make_graph(3);
      for (const auto& [coded, codes] : model->coded()) (void)model->decoded(graph->value(graph->find(coded)));
    }
  }
  EXPECT_GT(refused, 2000u);
}

TEST(PackedModel, SurvivesRandomChanges) {
  expect_survival(make_example());
  expect_survival(coded_example());
}

}  // namespace
}  // namespace lowtide::model
