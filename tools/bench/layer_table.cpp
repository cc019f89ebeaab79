// SPDX-License-Identifier: Apache-2.0
// Rows of a graph.
#include "tools/bench/layer_table.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "engine/graph/op_info.hpp"
#include "engine/graph/tuning.hpp"
#include "engine/tune/lone_node.hpp"
#include "engine/tune/measure.hpp"

namespace lowtide::bench {
namespace {

std::string describe(const graph::Graph& graph, const std::vector<ValueId>& ids) {
  std::string out;
  for (const ValueId id : ids) out += fmt::format("{}{}", out.empty() ? "" : " ", to_string(graph.desc(id)));
  return out;
}

LayerBench row_of(const graph::Node& node, const graph::Graph& graph) {
  OpBench bench = {.name = fmt::format("{}/{}", node.op->name, node.name),
                   .build = [&node, &graph](graph::Graph& out) -> Result<void> {
                     LOWTIDE_TRY(const auto lone, tune::lone_node(node, graph));
                     out = std::move(*lone);
                     return {};
                   },
                   .write = tune::write_numbers};
  return {.bench = std::move(bench),
          .op = std::string(node.op->name),
          .node = node.name,
          .inputs = describe(graph, node.inputs),
          .outputs = describe(graph, node.outputs),
          .parameters = graph::describe_params(node)};
}

}  // namespace

std::vector<LayerBench> layer_benches(const graph::Graph& graph) {
  std::vector<LayerBench> rows;
  std::map<std::string, size_t> known;  // signature -> row
  for (const graph::Node& node : graph.nodes()) {
    if (!tune::is_tunable(node, graph)) continue;
    const auto [it, is_new] = known.try_emplace(graph::node_signature(node, graph), rows.size());
    if (is_new) rows.push_back(row_of(node, graph));
    ++rows[it->second].count;
  }
  return rows;
}

}  // namespace lowtide::bench
