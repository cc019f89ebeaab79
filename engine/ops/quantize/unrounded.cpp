// SPDX-License-Identifier: Apache-2.0
// The surrogate of a quantiser beside the quantiser itself.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/ops/quantize/quantize.hpp"

namespace lowtide::ops {

Result<ValueId> unrounded(graph::Graph& graph, std::string name, ValueId levels) {
  const auto& nodes = graph.nodes();
  const auto makes_levels = [&](const graph::Node& node) { return node.out() == levels; };
  const auto node = std::find_if(nodes.rbegin(), nodes.rend(), makes_levels);
  LOWTIDE_CHECK(node != nodes.rend(), "levels that no quantiser makes");
  const auto& fields = node->op->fields;
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [](const graph::ParamField& f) { return f.name == std::string_view("is_rounded"); });
  LOWTIDE_CHECK(field != fields.end(), "a quantiser without a surrogate");
  auto params = node->param_storage;
  const uint32_t off = 0;
  std::memcpy(params.data() + field->offset, &off, sizeof(off));
  LOWTIDE_TRY(const graph::Node* twin,
              graph.append(*node->op, std::move(name), params.data(), node->param_bytes, node->inputs));
  return twin->out();
}

}  // namespace lowtide::ops
