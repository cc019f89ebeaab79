// SPDX-License-Identifier: Apache-2.0
// Copies between named tensors and device arenas. Blocking: used between epochs, never within steps.
#include "trainer/loop/net_state.hpp"

#include <cstring>

namespace lowtide::trainer {
namespace {

bool is_stored(const graph::Value& value) {
  const bool has_role = value.role == graph::Role::parameter || value.role == graph::Role::moment0 ||
                        value.role == graph::Role::moment1 || value.role == graph::Role::state;
  return has_role && !value.is_whole_arena;
}

}  // namespace

std::vector<NamedTensor> persistent_tensors(const graph::Graph& graph) {
  std::vector<NamedTensor> tensors;
  for (const graph::Value& value : graph.values()) {
    if (is_stored(value)) tensors.push_back({value.name, value.desc, {}});
  }
  return tensors;
}

Result<std::vector<NamedTensor>> read_persistent(const graph::Graph& graph, runtime::Executor& executor) {
  std::vector<NamedTensor> tensors = persistent_tensors(graph);
  for (NamedTensor& tensor : tensors) {
    tensor.bytes.resize(tensor.desc.bytes());
    LOWTIDE_TRY_VOID(executor.read(graph.find(tensor.name), tensor.bytes));
  }
  return tensors;
}

Result<void> write_persistent(const graph::Graph& graph, runtime::Executor& executor,
                              const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    const ValueId id = graph.find(tensor.name);
    if (!id.is_valid()) continue;
    LOWTIDE_CHECK(graph.desc(id) == tensor.desc && tensor.bytes.size() == tensor.desc.bytes(),
                  "a tensor that does not fit the network");
    LOWTIDE_TRY_VOID(executor.write(id, tensor.bytes));
  }
  return {};
}

std::vector<NamedTensor> initial_tensors(const graph::Graph& graph, const std::vector<NetParameter>& parameters,
                                         uint64_t seed) {
  std::vector<NamedTensor> tensors = persistent_tensors(graph);
  for (NamedTensor& tensor : tensors) {
    tensor.bytes.assign(tensor.desc.bytes(), std::byte{0});
    for (const NetParameter& parameter : parameters) {
      if (parameter.name != tensor.name) continue;
      const std::vector<float> elements = initial_elements(parameter, seed);
      LOWTIDE_CHECK(elements.size() * sizeof(float) == tensor.bytes.size(), "a start of another size");
      std::memcpy(tensor.bytes.data(), elements.data(), tensor.bytes.size());
    }
  }
  return tensors;
}

}  // namespace lowtide::trainer
