// SPDX-License-Identifier: Apache-2.0
// deepshift_q: shape, gradient and lowering. The gradient needs nothing but that of the levels.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/deepshift/bits_rule.hpp"
#include "engine/ops/deepshift/deepshift.hpp"
#include "gen/kernels/deepshift.hpp"
#include "shaders/deepshift/deepshift.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = DeepshiftQOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Descs infer(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_deepshift_bits(node, node.params<Params>().bits));
  return infer_like_input(node, graph);
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dw, append_one(builder.graph(), kDeepshiftQBackwardInputOp, node.name + "/backward_input",
                                           node.params<Params>(), {builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dw);
}

shaders::DeepshiftParams kernel_params(const Node& node, const Grid& grid) {
  const auto params = node.params<Params>();
  return {.count = grid.count,
          .stride = grid.stride,
          .range = quant::deepshift_q_range(params.bits),
          .is_rounded = params.is_rounded,
          .penalty = 0};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = deepshift_grid(graph.desc(node.out()).shape, target);
  const auto add = [&](auto kernel) {
    kernel.w = node.in(0);
    kernel.levels = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::deepshift_q_forward{});
  } else {
    add(kernels::deepshift_q_forward_naive{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = deepshift_grid(graph.desc(node.out()).shape, target);
  const auto add = [&](auto kernel) {
    kernel.dlevels = node.in(0);
    kernel.dw = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::deepshift_q_backward_input{});
  } else {
    add(kernels::deepshift_q_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kDeepshiftQOp = {.name = "deepshift_q",
                                     .fields = kFields,
                                     .param_bytes = sizeof(Params),
                                     .infer = infer,
                                     .differentiate = differentiate,
                                     .lower = lower_forward};

const graph::OpInfo kDeepshiftQBackwardInputOp = {.name = "deepshift_q_backward_input",
                                                  .fields = kFields,
                                                  .param_bytes = sizeof(Params),
                                                  .infer = infer,
                                                  .lower = lower_backward};

Result<ValueId> deepshift_q(Graph& graph, std::string name, ValueId w, uint32_t bits) {
  return append_one(graph, kDeepshiftQOp, std::move(name), Params{.bits = bits}, {w});
}

}  // namespace lowtide::ops
