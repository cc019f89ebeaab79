// SPDX-License-Identifier: Apache-2.0
// Small pieces of shape rules that many ops share. Each returns a sentence for the user when it does not hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

using Descs = Result<std::vector<TensorDesc>>;

// The number of inputs is a matter between builder and op, so it is checked, not reported.
void check_input_count(const graph::Node& node, size_t count);

Result<void> expect_dtype(const graph::Graph& graph, ValueId id, DType dtype, const char* what);
Result<void> expect_rank(const graph::Graph& graph, ValueId id, uint32_t rank, const char* what);
Result<void> expect_same_desc(const graph::Graph& graph, ValueId a, ValueId b, const char* what);
// [c] f32 with c equal to the last extent of x.
Result<void> expect_per_channel(const graph::Graph& graph, ValueId x, ValueId per_channel, const char* what);

// The shape rule of an element-wise op of one f32 input: the output is described like the input.
Descs infer_like_input(const graph::Node& node, const graph::Graph& graph);
// The shape rule of an element-wise op of several f32 inputs of one description.
Descs infer_like_equal_inputs(const graph::Node& node, const graph::Graph& graph);

}  // namespace lowtide::ops
