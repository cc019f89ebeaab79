// SPDX-License-Identifier: Apache-2.0
// The persistent values of a network on a device, by name: what checkpoints store, what a phase hands over.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// Names and descriptions of the graph's parameters, moments and state, in order of creation, without bytes.
std::vector<NamedTensor> persistent_tensors(const graph::Graph& graph);

// The same with the bytes that the device holds; waits for everything submitted before.
Result<std::vector<NamedTensor>> read_persistent(const graph::Graph& graph, runtime::Executor& executor);

// Writes tensors by name. Those that the graph does not have are left out; sizes must fit (LOWTIDE_CHECK): files were
// matched before.
Result<void> write_persistent(const graph::Graph& graph, runtime::Executor& executor,
                              const std::vector<NamedTensor>& tensors);

// Parameters and running statistics as a fresh network starts; moments are zero.
std::vector<NamedTensor> initial_tensors(const graph::Graph& graph, const std::vector<NetParameter>& parameters,
                                         uint64_t seed);

}  // namespace lowtide::trainer
