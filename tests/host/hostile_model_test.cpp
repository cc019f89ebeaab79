// SPDX-License-Identifier: Apache-2.0
// Packed models whose container is right and whose contents are not: each property that a reader must not trust, broken
// once. tests/fuzz looks for what is not listed here.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/file.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/model/packed_ops.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/registry.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::model {
namespace {

using Json = nlohmann::json;

template <class Element>
std::vector<std::byte> bytes_of(const std::vector<Element>& elements) {
  const auto bytes = std::as_bytes(std::span(elements));
  return {bytes.begin(), bytes.end()};
}

// images [1, 1, 1, 40] -> pack -> packed linear -> f32 [1, 3] -> linear -> logits [1, 2], as a file's bytes.
std::vector<std::byte> good_file() {
  graph::Graph g;
  Constants constants;
  const ValueId x = g.input(std::string(kInputName), f32_desc(Shape{1, 1, 1, 40}));
  const ValueId codes = *ops::pack(g, "pack", x, {.kind = quant::ActivationKind::signs});
  const quant::PackedWeightExtents extents = {.k = 3, .taps = 1, .c = 40, .bits = 1};
  const ValueId w = g.constant("packed", {DType::u32, extents.shape()});
  constants["packed"] = bytes_of(quant::pack_weights(std::vector<float>(120, 1.0f), extents));
  const ValueId y =
      *ops::packed_linear(g, "first", codes, w, {}, {.output_channels = 3, .output = ops::PackedOutput::accumulator});
  const ValueId v = g.constant("plain", f32_desc(Shape{2, 3}));
  constants["plain"] = bytes_of(std::vector<float>{1, 2, 3, 4, 5, 6});
  const ValueId logits = *ops::linear(g, "last", y, v, {});
  g.make_metric(logits, std::string(kOutputName));
  const ModelInfo info = {.network = "hostile",
                          .height = 1,
                          .width = 1,
                          .channels = 40,
                          .classes = 2,
                          .mean = std::vector<float>(40, 0.5f),
                          .deviation = std::vector<float>(40, 0.25f),
                          .source = "by hand"};
  const auto path = std::filesystem::path(testing::TempDir()) / "lowtide_hostile.safetensors";
  EXPECT_TRUE(write_model(path, info, g, constants));
  const auto file = MappedFile::open(path);
  return {file->bytes().begin(), file->bytes().end()};
}

struct Container {
  Json header;
  std::string data;

  Json member(const char* name) const { return Json::parse(header["__metadata__"][name].get<std::string>()); }
  void set_member(const char* name, const Json& json) { header["__metadata__"][name] = json.dump(); }
  char* bytes_of_tensor(const char* name) { return data.data() + header[name]["data_offsets"][0].get<size_t>(); }
};

Container take_apart(const std::vector<std::byte>& file) {
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  const auto* text = reinterpret_cast<const char*>(file.data()) + sizeof header_bytes;
  return {Json::parse(text, text + header_bytes), std::string(text + header_bytes, file.size() - 8 - header_bytes)};
}

// What the reader says of a changed file: "" where it takes it.
template <class Change>
std::string error_after(const Change& change) {
  Container container = take_apart(good_file());
  change(container);
  std::string text = container.header.dump();
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');
  std::string file(8, '\0');
  const uint64_t header_bytes = text.size();
  std::memcpy(file.data(), &header_bytes, sizeof header_bytes);
  file += text + container.data;
  const auto model = PackedModel::parse(std::as_bytes(std::span(file)), "hostile");
  return model ? "" : model.error().text;
}

// A change of one member of the metadata.
template <class Change>
std::string error_after_json(const char* name, const Change& change) {
  return error_after([&](Container& container) {
    Json json = container.member(name);
    change(json);
    container.set_member(name, json);
  });
}

void expect(const char* what, const std::string& error) {
  EXPECT_NE(error.find(what), std::string::npos) << "expected \"" << what << "\" in: " << error;
}

TEST(HostileModel, TheFileItselfIsGood) {
  EXPECT_EQ(error_after([](Container&) {}), "");
}

TEST(HostileModel, ConstantsMustBeFinite) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::string error = error_after([&](Container& container) {
      std::memcpy(container.bytes_of_tensor("plain") + 4 * sizeof value, &value, sizeof value);
    });
    expect("element 4 of the constant 'plain'", error);
  }
}

TEST(HostileModel, BitsBehindTheLastWeightMustBeZero) {
  const auto set_bit = [](uint32_t word, uint32_t bit) {
    return error_after([&](Container& container) {
      uint32_t bits = 0;
      std::memcpy(&bits, container.bytes_of_tensor("packed") + word * sizeof bits, sizeof bits);
      bits ^= 1u << bit;
      std::memcpy(container.bytes_of_tensor("packed") + word * sizeof bits, &bits, sizeof bits);
    });
  };
  EXPECT_EQ(set_bit(3, 23), "");  // channel 39 of output channel 2: the tails are 3 times 8 bits
  expect("bits behind the last of their 3 filters of 40 bits", set_bit(3, 24));
  expect("bits behind the last of their 3 filters of 40 bits", set_bit(3, 31));
  EXPECT_EQ(set_bit(2, 31), "");  // a first word is full
}

TEST(HostileModel, TensorsMustBeAligned) {
  const std::string error = error_after([](Container& container) {
    for (auto& [name, entry] : container.header.items()) {
      if (name == "__metadata__") continue;
      for (Json& offset : entry["data_offsets"]) offset = offset.get<size_t>() + 4;
    }
    container.header["__padding__.first"] = {{"dtype", "U8"}, {"shape", {4}}, {"data_offsets", {0, 4}}};
    container.data.insert(0, 4, '\0');
  });
  expect("multiple of 64", error);
}

TEST(HostileModel, PixelsMustHaveFiniteValues) {
  expect("deviation", error_after_json("info", [](Json& info) { info["deviation"][3] = 1e-39; }));
  expect("deviation", error_after_json("info", [](Json& info) { info["deviation"][3] = 0; }));
  expect("deviation", error_after_json("info", [](Json& info) { info["mean"][3] = 1e38; }));
  expect("deviation", error_after_json("info", [](Json& info) { info["mean"][3] = 1e39; }));
}

TEST(HostileModel, TextThatIsNestedDeeplyIsRefused) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  for (const char* name : {"graph", "info"}) {
    expect(name, error_after([&](Container& container) { container.header["__metadata__"][name] = nested(1000000); }));
    EXPECT_EQ(error_after_json(name, [&](Json& json) { json["more"] = Json::parse(nested(2)); }), "");
    expect(name, error_after_json(name, [&](Json& json) { json["more"] = Json::parse(nested(40)); }));
  }
}

TEST(HostileModel, GraphsAreOfBoundedSize) {
  expect("absurdly many", error_after_json("graph", [](Json& graph) {
           const Json node = {{"name", "n"}, {"op", "relu"}, {"params", Json::object()}, {"inputs", {0}}};
           graph["nodes"] = Json(20000, node);
         }));
}

TEST(HostileModel, EnumeratorsMustBeInTheirTables) {
  expect("count_includes_pad", check_model_param("average_pool2d", "count_includes_pad", 2u).error().text);
  EXPECT_TRUE(check_model_param("average_pool2d", "count_includes_pad", 1u));
  expect("bits", check_model_param("pack", "bits", 9u).error().text);
  expect("output", check_model_param("packed_linear", "output", 4u).error().text);
  expect("finite", check_model_param("clip", "lo", std::nanf("")).error().text);
}

// FORMAT.md is the specification: it has a row for each op that may stand in a model, with each of its parameters.
TEST(HostileModel, TheSpecificationHasEveryOpAndParameter) {
  const std::string text = read_text(std::filesystem::path(LOWTIDE_SOURCE_DIR) / "engine/model/FORMAT.md").value();
  expect(("format version " + std::to_string(kFormatVersion)).c_str(), text);
  for (const std::string_view name : model_op_names()) {
    const graph::OpInfo* op = ops::find_op(name);
    ASSERT_NE(op, nullptr) << name << " may stand in a model, but is no op";
    const size_t row = text.find("| `" + std::string(name) + "` |");
    ASSERT_NE(row, std::string::npos) << "FORMAT.md has no row for " << name;
    const std::string line = text.substr(row, text.find('\n', row) - row);
    for (const graph::ParamField& field : op->fields) {
      if (field.is_for_training) continue;
      const std::string_view parameter = field.name;
      const bool is_one_of_many = parameter.starts_with("extent") || parameter.starts_with("threshold");
      if (line.find("`" + std::string(parameter) + "`") != std::string::npos || is_one_of_many) continue;
      EXPECT_NE(line.find("as `"), std::string::npos)
          << name << " has " << parameter << ", but its row does not say so";
    }
  }
}

}  // namespace
}  // namespace lowtide::model
