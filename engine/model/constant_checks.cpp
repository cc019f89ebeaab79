// SPDX-License-Identifier: Apache-2.0
// Bytes are copied word by word: a tensor in the caller's memory may lie at any address.
#include "engine/model/constant_checks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"

namespace lowtide::model {
namespace {

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

// The stream of tails ends with its last bit.
Result<void> check_tail_bits(const StoredTensor& weights, const quant::PackedWeightExtents& e) {
  const uint64_t used = e.stream_bits() % quant::kWordBits;
  if (used == 0 || word_at<uint32_t>(weights.bytes, e.words() - 1) >> used == 0) return {};
  return fail(ErrorCode::format,
              fmt::format("the weights '{}' have bits behind the last of their {} filters of {} bits "
                          "in {} planes",
                          weights.name, e.k, e.run_bits(), e.bits));
}

// A shift code of zero has no sign: every level has one code.
Result<void> check_shift_codes(const StoredTensor& weights, const quant::PackedWeightExtents& e) {
  const auto refuse = [&](uint32_t channel) {
    return fail(ErrorCode::format,
                fmt::format("the weights '{}' of channel {} hold a zero with a sign, which no shift code is",
                            weights.name, channel));
  };
  const auto word = [&](uint32_t bit, uint32_t plane, uint32_t channel) {
    const auto at = e.place(bit, plane, channel);
    return word_at<uint32_t>(weights.bytes, at.word) >> at.bit;
  };
  // Whole words of 32 codes, then the tails code by code.
  const uint32_t full_bits = e.full_words() * quant::kWordBits;
  for (uint32_t bit = 0; bit < e.run_bits(); bit += bit < full_bits ? quant::kWordBits : 1) {
    for (uint32_t channel = 0; channel < e.k; ++channel) {
      uint32_t is_non_zero = 0;
      for (uint32_t plane = 0; plane + 1 < e.bits; ++plane) is_non_zero |= word(bit, plane, channel);
      const uint32_t zeros_with_sign = word(bit, e.bits - 1, channel) & ~is_non_zero;
      if ((bit < full_bits ? zeros_with_sign : zeros_with_sign & 1u) != 0) return refuse(channel);
    }
  }
  return {};
}

}  // namespace

Result<void> check_contents(const graph::Graph& graph, const PackedModel& model) {
  for (const StoredTensor& tensor : model.file().tensors()) LOWTIDE_TRY_VOID(check_finite(tensor));
  for (const graph::Node& node : graph.nodes()) {
    const auto extents = ops::packed_weights(node, graph);
    const StoredTensor* weights = extents ? model.file().find(graph.value(node.in(1)).name) : nullptr;
    if (weights == nullptr || weights->desc != graph.desc(node.in(1))) continue;
    LOWTIDE_TRY_VOID(check_tail_bits(*weights, *extents));
    if (extents->kind == quant::WeightKind::shift) LOWTIDE_TRY_VOID(check_shift_codes(*weights, *extents));
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
