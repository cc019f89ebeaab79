// SPDX-License-Identifier: Apache-2.0
// copy: the kernel moves words.
#include "engine/ops/copy/copy.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/copy.hpp"
#include "shaders/copy/copy.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  return builder.accumulate(node.in(0), builder.gradient(node.out()));
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t words = narrow<uint32_t>(graph.desc(node.out()).element_count());
  const kernels::copy_forward_naive kernel{.x = node.in(0), .y = node.out()};
  out.add(kernel, shaders::CopyParams{.x_first = 0, .y_first = 0, .count = words},
          groups_for(words, kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kCopyOp = {.name = "copy",
                               .param_bytes = sizeof(NoParams),
                               .infer = infer_like_input,
                               .differentiate = differentiate,
                               .lower = lower};

Result<ValueId> copy(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kCopyOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
