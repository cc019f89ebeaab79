// SPDX-License-Identifier: Apache-2.0
// The graph of a packed model as JSON text (FORMAT.md, "graph").
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/model/packed_model.hpp"

namespace lowtide::model {

std::string encode_graph(const graph::Graph& graph, const CodedWeights& coded = {});

struct GraphOfText {
  graph::Graph graph;
  CodedWeights coded;  // of its constants
};

// The graph for `batch` images: the first extent of the input is replaced. The text may be hostile.
Result<GraphOfText> decode_graph(std::string_view text, uint32_t batch);

}  // namespace lowtide::model
