// SPDX-License-Identifier: Apache-2.0
// What the contents of a model's constants must be beyond their type and shape, so that every bit in a file means what
// FORMAT.md says, and nothing else.
#pragma once

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/model/packed_model.hpp"

namespace lowtide::model {

// f32 constants are finite, bits behind the last of packed weights are zero, and so is the sign of a shift code of
// zero. Errors: format, naming the constant and the place in it.
Result<void> check_contents(const graph::Graph& graph, const PackedModel& model);

// Every tensor starts at a multiple of kTensorAlignment bytes of the file.
Result<void> check_alignment(const Safetensors& file);

}  // namespace lowtide::model
