// SPDX-License-Identifier: Apache-2.0
// Packed model files: metadata and constants around the graph text.
#include "engine/model/packed_model.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/graph/op_info.hpp"
#include "engine/model/constant_checks.hpp"
#include "engine/model/graph_text.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"

namespace lowtide::model {
namespace {

using graph::Graph;
using graph::Role;
using Json = nlohmann::json;

constexpr std::string_view kFormatName = "lowtide packed model";
constexpr uint32_t kMaxImageExtent = 1u << 14;
constexpr uint32_t kMaxClasses = 1u << 20;
constexpr int kMaxJsonDepth = 8;

std::string encode_info(const ModelInfo& info) {
  return Json{{"network", info.network},     {"height", info.height},           {"width", info.width},
              {"channels", info.channels},   {"classes", info.classes},         {"mean", info.mean},
              {"deviation", info.deviation}, {"class_names", info.class_names}, {"source", info.source}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Reads a whole number in 1 .. hi.
bool take(const Json& json, const char* name, uint32_t hi, uint32_t& out) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_number_unsigned()) return false;
  const uint64_t value = it->get<uint64_t>();
  out = static_cast<uint32_t>(value);
  return value >= 1 && value <= hi;
}

bool take(const Json& json, const char* name, std::string& out) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_string()) return false;
  out = it->get<std::string>();
  return true;
}

bool take(const Json& json, const char* name, size_t count, std::vector<float>& out) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_array() || it->size() != count) return false;
  for (const Json& element : *it) {
    if (!element.is_number()) return false;
    out.push_back(static_cast<float>(element.get<double>()));
    if (!std::isfinite(out.back())) return false;
  }
  return true;
}

Result<ModelInfo> decode_info(std::string_view text) {
  bool is_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    is_deep = is_deep || depth > kMaxJsonDepth;
    return !is_deep;
  };
  const Json json = Json::parse(text, watch, false);
  ModelInfo info;
  const bool ok = !is_deep && json.is_object() && take(json, "network", info.network) &&
                  take(json, "source", info.source) && take(json, "height", kMaxImageExtent, info.height) &&
                  take(json, "width", kMaxImageExtent, info.width) && take(json, "channels", 4096, info.channels) &&
                  take(json, "classes", kMaxClasses, info.classes) && take(json, "mean", info.channels, info.mean) &&
                  take(json, "deviation", info.channels, info.deviation);
  bool pixels_are_finite = ok;  // whatever pixel / 255 is: (0 .. 1 - mean) / deviation
  for (size_t c = 0; ok && c < info.channels; ++c) {
    pixels_are_finite = pixels_are_finite && info.deviation[c] > 0 &&
                        std::isfinite((1.0f + std::fabs(info.mean[c])) / info.deviation[c]);
  }
  const auto names = ok ? json.find("class_names") : json.end();
  if (!ok || !pixels_are_finite || names == json.end() || !names->is_array() ||
      (!names->empty() && names->size() != info.classes)) {
    return fail(
        ErrorCode::format,
        "the 'info' must give network, source, height, width, channels, classes, mean, deviation "
        "(positive, and not so small that a pixel has no finite value) and class_names (none, or one per class)");
  }
  for (const Json& name : *names) {
    if (!name.is_string()) return fail(ErrorCode::format, "a class name is not a text");
    info.class_names.push_back(name.get<std::string>());
  }
  return info;
}

// The parameters of a node, if it is a packed layer.
std::optional<ops::PackedConv2dOpParams> packed_layer(const graph::Node& node) {
  if (node.op->name == "packed_conv2d") return node.params<ops::PackedConv2dOpParams>();
  if (node.op->name == "packed_linear") return ops::as_convolution(node.params<ops::PackedLinearOpParams>());
  return std::nullopt;
}

// Threshold tables i32 [levels, k]: row 0 is a direction, the rows below ascend, so that a rank counts the reached
// ones.
Result<void> check_thresholds(const Graph& graph, const PackedModel& model) {
  for (const graph::Node& node : graph.nodes()) {
    const auto layer = packed_layer(node);
    if (!layer || layer->output != ops::PackedOutput::codes) continue;
    const graph::Value& value = graph.value(node.in(2));
    if (value.role != Role::constant || value.desc.dtype != DType::i32 || value.desc.shape.rank() != 2) continue;
    const std::span<const std::byte> bytes = model.constant(value.name);
    const uint32_t rows = value.desc.shape[0], channels = value.desc.shape[1];
    const auto at = [&](uint32_t row, uint32_t channel) {
      int32_t word = 0;
      std::memcpy(&word, bytes.data() + (size_t{row} * channels + channel) * 4, sizeof word);
      return word;
    };
    for (uint32_t channel = 0; channel < channels; ++channel) {
      bool ok = at(0, channel) == 1 || at(0, channel) == -1;
      for (uint32_t row = 2; row < rows; ++row) ok = ok && at(row - 1, channel) <= at(row, channel);
      if (!ok) {
        return fail(ErrorCode::format,
                    fmt::format("the thresholds '{}' of channel {} are out of order, or its direction is "
                                "neither 1 nor -1",
                                value.name, channel));
      }
    }
  }
  return {};
}

// What the file holds of a value that the graph describes.
TensorDesc stored_desc(const graph::Value& value, const CodedWeights& coded) {
  const auto codes = coded.find(value.name);
  if (codes == coded.end()) return value.desc;
  return {DType::u32, quant::coded_shape(value.desc.shape.element_count(), codes->second)};
}

// Copied: a tensor of a foreign file may lie at any byte.
std::vector<uint32_t> words_of(std::span<const std::byte> bytes) {
  std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

Result<void> check_codes(const Graph& graph, const PackedModel& model) {
  for (const auto& [name, codes] : model.coded()) {
    const uint64_t count = graph.desc(graph.find(name)).shape.element_count();
    if (quant::are_canonical(words_of(model.constant(name)), count, codes)) continue;
    return fail(ErrorCode::format, fmt::format("the codes of '{}' hold a zero with a sign, or bits behind the last of "
                                               "its {} elements",
                                               name, count));
  }
  return {};
}

Result<void> check_constants(const Graph& graph, const CodedWeights& coded, const Safetensors& file) {
  size_t count = 0;
  for (const ValueId id : graph.with_role(Role::constant)) {
    const graph::Value& value = graph.value(id);
    const StoredTensor* tensor = file.find(value.name);
    const TensorDesc desc = stored_desc(value, coded);
    if (tensor == nullptr || tensor->desc != desc) {
      return fail(ErrorCode::format, fmt::format("the constant '{}' {} is missing, or has another type or shape",
                                                 value.name, to_string(desc)));
    }
    ++count;
  }
  if (count == file.tensors().size()) return {};
  return fail(ErrorCode::format,
              fmt::format("there are {} tensors, but the graph has {} constants", file.tensors().size(), count));
}

Error in_file(Error error, std::string_view source) {
  error.text = fmt::format("{}: {}", source, error.text);
  return error;
}

}  // namespace

Result<void> write_model(const std::filesystem::path& path, const ModelInfo& info, const Graph& graph,
                         const Constants& constants, const CodedWeights& coded) {
  std::vector<StoredTensor> tensors;
  for (const ValueId id : graph.with_role(Role::constant)) {
    const graph::Value& value = graph.value(id);
    const auto it = constants.find(value.name);
    LOWTIDE_CHECK(it != constants.end(), fmt::format("the constant '{}' has no contents", value.name));
    const TensorDesc desc = stored_desc(value, coded);
    LOWTIDE_CHECK(it->second.size() == desc.bytes(), fmt::format("the constant '{}' has another size", value.name));
    tensors.push_back({value.name, desc, it->second});
  }
  const Metadata metadata = {{"format", std::string(kFormatName)},
                             {"format_version", std::to_string(kFormatVersion)},
                             {"info", encode_info(info)},
                             {"graph", encode_graph(graph, coded)}};
  return write_safetensors(path, metadata, tensors);
}

Result<PackedModel> PackedModel::open(const std::filesystem::path& path) {
  LOWTIDE_TRY(Safetensors container, Safetensors::open(path));
  return check(std::move(container), path.string());
}

Result<PackedModel> PackedModel::parse(std::span<const std::byte> bytes, std::string_view source) {
  LOWTIDE_TRY(Safetensors container, Safetensors::parse(bytes, source));
  return check(std::move(container), source);
}

Result<PackedModel> PackedModel::check(Safetensors container, std::string_view source) {
  PackedModel model;
  model.source_ = std::string(source);
  model.file_ = std::make_shared<const Safetensors>(std::move(container));
  const Metadata& metadata = model.file_->metadata();
  const auto text = [&](const char* name) {
    const auto it = metadata.find(name);
    return it == metadata.end() ? std::string() : it->second;
  };
  if (text("format") != kFormatName) {
    return fail(ErrorCode::format, fmt::format("{} is a safetensors file, but not a {}; make one with `lowtide export`",
                                               source, kFormatName));
  }
  if (text("format_version") != std::to_string(kFormatVersion)) {
    return fail(ErrorCode::format,
                fmt::format("{} has format version '{}', and this lowtide reads version {}; export the "
                            "network again, or update lowtide",
                            source, text("format_version"), kFormatVersion));
  }
  auto info = decode_info(text("info"));
  if (!info) return tl::unexpected(in_file(std::move(info).error(), source));
  model.info_ = std::move(*info);
  model.graph_text_ = text("graph");
  LOWTIDE_TRY(const Graph graph, model.make_graph(1));
  model.coded_ = decode_graph(model.graph_text_, 1)->coded;
  auto constants = check_constants(graph, model.coded_, *model.file_);
  if (constants) constants = check_thresholds(graph, model);
  if (constants) constants = check_codes(graph, model);
  if (constants) constants = check_contents(graph, model);
  if (constants) constants = check_alignment(*model.file_);
  if (!constants) return tl::unexpected(in_file(std::move(constants).error(), source));
  return model;
}

Result<Graph> PackedModel::make_graph(uint32_t batch) const {
  auto decoded = decode_graph(graph_text_, batch);
  if (!decoded) return tl::unexpected(in_file(std::move(decoded).error(), source_));
  Graph& graph = decoded->graph;
  const Shape input = graph.desc(graph.find(kInputName)).shape;
  const Shape output = graph.desc(graph.find(kOutputName)).shape;
  if (input == Shape{batch, info_.height, info_.width, info_.channels} && output == Shape{batch, info_.classes})
    return std::move(graph);
  return fail(ErrorCode::format,
              fmt::format("{}: the graph's input or output has another shape than 'info' says", source_));
}

std::span<const std::byte> PackedModel::constant(std::string_view name) const {
  const StoredTensor* tensor = file_->find(name);
  LOWTIDE_CHECK(tensor != nullptr, fmt::format("the model has no constant '{}'", name));
  return tensor->bytes;
}

std::vector<float> PackedModel::decoded(const graph::Value& value) const {
  const auto codes = coded_.find(value.name);
  LOWTIDE_CHECK(codes != coded_.end(), fmt::format("the constant '{}' is not coded", value.name));
  return quant::decode_weights(words_of(constant(value.name)), value.desc.shape.element_count(), codes->second);
}

}  // namespace lowtide::model
