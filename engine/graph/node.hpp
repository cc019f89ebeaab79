// SPDX-License-Identifier: Apache-2.0
// Node: a vertex of a graph: which op, its parameters as bytes, what it reads and what it writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/base/id.hpp"

namespace lowtide::graph {

struct OpInfo;

inline constexpr size_t kMaxOpParamBytes = 96;

struct Node {
  const OpInfo* op = nullptr;
  std::string name;  // "stage1.conv2"; labels and layer patterns go by it
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;  // new activations, or existing values that the node updates in place
  std::array<std::byte, kMaxOpParamBytes> param_storage = {};
  size_t param_bytes = 0;

  ValueId in(size_t i) const {
    LOWTIDE_CHECK(i < inputs.size(), "the node has fewer inputs");
    return inputs[i];
  }
  ValueId out(size_t i = 0) const {
    LOWTIDE_CHECK(i < outputs.size(), "the node has fewer outputs");
    return outputs[i];
  }

  // The op's parameter struct; trivially copyable, made of 4-byte fields only.
  template <class Params>
  Params params() const {
    static_assert(std::is_trivially_copyable_v<Params> && sizeof(Params) <= kMaxOpParamBytes);
    LOWTIDE_CHECK(sizeof(Params) == param_bytes, "the node carries another op's parameters");
    Params p;
    std::memcpy(&p, param_storage.data(), sizeof(Params));
    return p;
  }
  void set_params(const void* bytes, size_t count) {
    LOWTIDE_CHECK(count <= kMaxOpParamBytes, "too many parameter bytes");
    std::memcpy(param_storage.data(), bytes, count);
    param_bytes = count;
  }
};

}  // namespace lowtide::graph
