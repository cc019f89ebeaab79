// SPDX-License-Identifier: Apache-2.0
// Which kernels a device got for a graph, in a line for people: how many nodes were lowered to tuned kernels, which
// ones to naive ones, and what decided that. Nothing depends on it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/op_info.hpp"

namespace lowtide::plan {

// Whether a kernel of the bank is the readable one of an op and a pass that have faster ones: what a node gets where
// none of those fits its shape or the device.
bool is_fallback(std::string_view kernel);

// The nodes of one op, its gradients included, that have both a tuned and a naive kernel.
struct KernelChoice {
  std::string op;               // "conv2d"
  uint32_t tuned = 0;           // nodes
  uint32_t naive_by_shape = 0;  // the stored data-centre GPU would get the naive kernel too
  uint32_t naive_by_device = 0;
};

// By op, in alphabetical order. Errors: those of lower().
Result<std::vector<KernelChoice>> kernel_choices(const graph::Graph& graph, const graph::LowerTarget& target);

// "kernels: 70 of 84 nodes tuned; naive for their shape: conv2d 3; naive on this device: add 9, conv2d 2"
std::string describe(std::span<const KernelChoice> choices);

}  // namespace lowtide::plan
