// SPDX-License-Identifier: Apache-2.0
// Bytes are copied word by word: a tensor in the caller's memory may lie at any address.
#include "engine/model/constant_checks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "engine/base/ints.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"

namespace lowtide::model {
namespace {

constexpr uint32_t kWordBits = 32;

template <class Word>
Word word_at(std::span<const std::byte> bytes, size_t index) {
  Word word = {};
  std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
  return word;
}

Result<void> check_finite(const StoredTensor& tensor) {
  if (tensor.desc.dtype != DType::f32) return {};
  for (size_t i = 0; i < tensor.bytes.size() / sizeof(float); ++i) {
    if (std::isfinite(word_at<float>(tensor.bytes, i))) continue;
    return fail(ErrorCode::format, fmt::format("element {} of the constant '{}' is {}, not a finite number", i,
                                               tensor.name, word_at<float>(tensor.bytes, i)));
  }
  return {};
}

// Input channels of one group of a packed layer; 0: the node is none.
uint32_t group_channels(const graph::Graph& graph, const graph::Node& node) {
  const bool is_conv = node.op->name == "packed_conv2d";
  if (!is_conv && node.op->name != "packed_linear") return 0;
  const Shape& x = graph.desc(node.in(0)).shape;
  const uint32_t groups = is_conv ? node.params<ops::PackedConv2dOpParams>().groups : 1;
  return x[x.rank() - 1] / groups;
}

// Weights u32 [taps, c_words, planes, k]: the last word of a tap holds channels from kWordBits * (c_words - 1) on.
Result<void> check_tail_bits(const StoredTensor& weights, uint32_t channels) {
  const Shape& shape = weights.desc.shape;
  const uint32_t used = channels % kWordBits;
  if (used == 0) return {};
  const size_t row = size_t{shape[2]} * shape[3], tap = shape[1] * row;
  for (size_t first = tap - row; first < shape[0] * tap; first += tap) {
    for (size_t i = 0; i < row; ++i) {
      if (word_at<uint32_t>(weights.bytes, first + i) >> used == 0) continue;
      return fail(ErrorCode::format, fmt::format("the weights '{}' have bits behind the last of their {} channels",
                                                 weights.name, channels));
    }
  }
  return {};
}

}  // namespace

Result<void> check_contents(const graph::Graph& graph, const PackedModel& model) {
  for (const StoredTensor& tensor : model.file().tensors()) LOWTIDE_TRY_VOID(check_finite(tensor));
  for (const graph::Node& node : graph.nodes()) {
    const uint32_t channels = group_channels(graph, node);
    if (channels == 0) continue;
    const StoredTensor* weights = model.file().find(graph.value(node.in(1)).name);
    if (weights != nullptr && weights->desc == graph.desc(node.in(1))) {
      LOWTIDE_TRY_VOID(check_tail_bits(*weights, channels));
    }
  }
  return {};
}

Result<void> check_alignment(const Safetensors& file) {
  for (const StoredTensor& tensor : file.tensors()) {
    if (tensor.offset % kTensorAlignment == 0) continue;
    return fail(ErrorCode::format, fmt::format("the tensor '{}' starts at byte {}, which is no multiple of {}",
                                               tensor.name, tensor.offset, kTensorAlignment));
  }
  return {};
}

}  // namespace lowtide::model
