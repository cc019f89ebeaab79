// SPDX-License-Identifier: Apache-2.0
// The packed model: a network after export, in one safetensors file. FORMAT.md specifies every byte. The graph in it is
// made of the inference ops listed in packed_ops.cpp and of nothing else; all that training knows is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/model/safetensors.hpp"
#include "engine/quant/weight_codes.hpp"

namespace lowtide::model {

inline constexpr uint32_t kFormatVersion = 4;
inline constexpr std::string_view kInputName = "images";   // the graph's only input, f32 [n, height, width, channels]
inline constexpr std::string_view kOutputName = "logits";  // its only output, f32 [n, classes]

// What a user of the model must know. Pixels are 8-bit; the network's input is (pixel / 255 - mean) / deviation per
// channel.
struct ModelInfo {
  std::string network;  // "cnv"
  uint32_t height = 0, width = 0, channels = 0, classes = 0;
  std::vector<float> mean, deviation;    // by channel; deviation > 0
  std::vector<std::string> class_names;  // empty, or one per class
  std::string source;                    // the recipe's name and bit widths, for people
};

// Contents of a constant value of the graph, by name.
using Constants = std::map<std::string, std::vector<std::byte>, std::less<>>;

// The constants that the file holds as codes, by name: values of f32 whose contents are quant::encode_weights' words.
using CodedWeights = std::map<std::string, quant::WeightCodes, std::less<>>;

// Writes the file atomically. The graph's roles are input, constant, activation and metric only; its batch is 1.
// LOWTIDE_CHECKs what the exporter must have done right; errors are those of writing a file.
Result<void> write_model(const std::filesystem::path& path, const ModelInfo& info, const graph::Graph& graph,
                         const Constants& constants, const CodedWeights& coded = {});

// A model file that was read and checked: every node is an op that may stand in a model, has parameters in range,
// inputs that exist and shapes that fit; every constant has a tensor of its type and shape, or of its codes; levels and
// thresholds are in range and in order.
class PackedModel {
 public:
  // Maps the file; constants are not copied. Errors: io, format (a sentence that names the file and the place).
  static Result<PackedModel> open(const std::filesystem::path& path);
  // Over bytes that the caller keeps alive, at an address that is a multiple of 8; `source` names them in messages.
  static Result<PackedModel> parse(std::span<const std::byte> bytes, std::string_view source);

  const ModelInfo& info() const { return info_; }
  // The graph for `batch` images at once, batch > 0. Values without a producer keep their names over batches.
  Result<graph::Graph> make_graph(uint32_t batch) const;
  // Bytes of a constant of the graph, in the layout of its description; of one that the file holds as codes, the words
  // of its codes.
  std::span<const std::byte> constant(std::string_view name) const;
  // Those constants, and what one of them stands for: f32 levels in the layout of the value's description.
  const CodedWeights& coded() const { return coded_; }
  std::vector<float> decoded(const graph::Value& value) const;
  const Safetensors& file() const { return *file_; }

 private:
  static Result<PackedModel> check(Safetensors container, std::string_view source);

  std::shared_ptr<const Safetensors> file_;
  std::string source_;
  ModelInfo info_;
  std::string graph_text_;
  CodedWeights coded_;
};

}  // namespace lowtide::model
