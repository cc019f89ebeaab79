// SPDX-License-Identifier: Apache-2.0
// detach: no gradient rule, no dispatch.
#include "engine/ops/detach/detach.hpp"

#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

Descs infer(const graph::Node& node, const graph::Graph& graph) {
  check_input_count(node, 1);
  return std::vector{graph.desc(node.in(0))};
}

}  // namespace

const graph::OpInfo kDetachOp = {
    .name = "detach", .param_bytes = sizeof(graph::NoParams), .infer = infer, .is_view = true};

Result<ValueId> detach(graph::Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kDetachOp, std::move(name), graph::NoParams{}, {x});
}

}  // namespace lowtide::ops
