// SPDX-License-Identifier: Apache-2.0
// Single nodes and their numbers.
#include "engine/tune/lone_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "engine/base/rng.hpp"
#include "engine/graph/op_info.hpp"

namespace lowtide::tune {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

std::vector<uint32_t> words_of(size_t count, uint32_t stream) {
  Rng rng(1, stream);
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = rng.next();
  return words;
}

void make_floats(std::vector<uint32_t>& words) {
  for (uint32_t& word : words) {
    const float value = unit_float(word) * 2.0f - 1.0f;
    std::memcpy(&word, &value, 4);
  }
}

// Tables i32 [rows, k]: directions +1 or -1, then thresholds that ascend in every column (quant/fold.hpp).
void make_table(std::vector<uint32_t>& words, const Shape& shape) {
  const uint32_t columns = shape.rank() == 2 ? shape[1] : 1;
  const auto rows = static_cast<uint32_t>(words.size() / columns);
  for (size_t i = 0; i < words.size(); ++i) words[i] = words[i] % 64u - 32u;
  for (uint32_t column = 0; column < columns; ++column) {
    words[column] = words[column] % 2 == 0 ? 1u : ~0u;
    std::vector<int32_t> sorted;
    for (uint32_t row = 1; row < rows; ++row) sorted.push_back(static_cast<int32_t>(words[row * columns + column]));
    std::sort(sorted.begin(), sorted.end());
    for (uint32_t row = 1; row < rows; ++row) words[row * columns + column] = static_cast<uint32_t>(sorted[row - 1]);
  }
}

// The channels of a row's last word that exist.
uint32_t mask_of(uint32_t channels) {
  return channels % 32 == 0 ? ~0u : (1u << channels % 32) - 1;
}

void clear_padding(std::vector<uint32_t>& words, const TensorDesc& desc) {
  const uint32_t each = desc.channel_words(), mask = mask_of(desc.shape.last());
  for (size_t i = each; i <= words.size(); i += each) words[i - 1] &= mask;
}

}  // namespace

Result<std::unique_ptr<Graph>> lone_node(const Node& node, const Graph& graph) {
  auto lone = std::make_unique<Graph>();
  std::map<uint32_t, ValueId> known;
  const auto copy = [&](ValueId id) {
    const auto [it, is_new] = known.try_emplace(id.index);
    if (!is_new) return it->second;
    const graph::Value& value = graph.value(id);
    if (value.role == Role::step) return it->second = lone->step_block();
    const std::string name = fmt::format("value{}", known.size());
    return it->second = value.role == Role::state ? lone->state(name, value.desc) : lone->constant(name, value.desc);
  };
  std::vector<ValueId> inputs, outputs;
  for (const ValueId id : node.inputs) inputs.push_back(copy(id));
  bool is_fresh = true;
  for (const ValueId id : node.outputs) {
    const bool is_state = graph.value(id).role == Role::state;
    is_fresh = is_fresh && !is_state;
    outputs.push_back(is_state ? copy(id) : ValueId());
  }
  if (is_fresh) outputs.clear();
  LOWTIDE_TRY_VOID(lone->append(*node.op, node.name, node.param_storage.data(), node.param_bytes, std::move(inputs),
                                std::move(outputs)));
  return lone;
}

Result<void> write_numbers(runtime::Executor& executor, const Graph& graph) {
  const Node& node = graph.nodes().back();
  const TensorDesc& x = graph.desc(node.in(0));
  for (const Role role : {Role::constant, Role::state}) {
    for (const ValueId id : graph.with_role(role)) {
      const TensorDesc& desc = graph.desc(id);
      const uint64_t bytes = executor.program().placement(id).bytes;
      if (bytes == 0) continue;
      std::vector<uint32_t> words = words_of(ceil_div(bytes, uint64_t{4}), id.index);
      if (desc.dtype == DType::f32) {
        make_floats(words);
      } else if (desc.dtype == DType::i32) {
        make_table(words, desc.shape);
      } else if (is_packed(desc.dtype)) {
        clear_padding(words, desc);
      } else if (!is_packed(x.dtype)) {
        for (uint32_t& word : words) word %= 2;  // labels and the like, which index something
      }
      LOWTIDE_TRY_VOID(executor.write(id, std::as_bytes(std::span(words)).first(bytes)));
    }
  }
  return {};
}

}  // namespace lowtide::tune
