// SPDX-License-Identifier: Apache-2.0
// deepshift_ps: shape, gradient and lowering.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/deepshift/bits_rule.hpp"
#include "engine/ops/deepshift/deepshift.hpp"
#include "engine/ops/latent_stack.hpp"
#include "gen/kernels/deepshift.hpp"
#include "shaders/deepshift/deepshift.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = DeepshiftPsOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"penalty", offsetof(Params, penalty), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_deepshift_bits(node, node.params<Params>().bits));
  LOWTIDE_TRY(const TensorDesc levels, levels_of_stack(graph, node.in(0), 2, "DeepShift-PS weights"));
  return std::vector{levels};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_deepshift_bits(node, node.params<Params>().bits));
  return infer_stack_gradient(node, graph, 2, "DeepShift-PS weights");
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId step_block = builder.graph().step_block();
  LOWTIDE_TRY(const ValueId dlatents,
              append_one(builder.graph(), kDeepshiftPsBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), builder.gradient(node.out()), step_block}));
  return builder.accumulate(node.in(0), dlatents);
}

shaders::DeepshiftParams kernel_params(const Node& node, const Grid& grid) {
  const auto params = node.params<Params>();
  return {.count = grid.count,
          .stride = grid.stride,
          .range = quant::deepshift_ps_range(params.bits),
          .is_rounded = params.is_rounded,
          .penalty = params.penalty};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = deepshift_grid(graph.desc(node.out()).shape, target);
  const auto add = [&](auto kernel) {
    kernel.latents = node.in(0);
    kernel.levels = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::deepshift_ps_forward{});
  } else {
    add(kernels::deepshift_ps_forward_naive{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = deepshift_grid(graph.desc(node.in(1)).shape, target);
  const auto add = [&](auto kernel) {
    kernel.latents = node.in(0);
    kernel.dlevels = node.in(1);
    kernel.step_block = node.in(2);
    kernel.dlatents = node.out();
    out.add(kernel, kernel_params(node, grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::deepshift_ps_backward_input{});
  } else {
    add(kernels::deepshift_ps_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kDeepshiftPsOp = {.name = "deepshift_ps",
                                      .fields = kFields,
                                      .param_bytes = sizeof(Params),
                                      .infer = infer_forward,
                                      .differentiate = differentiate,
                                      .lower = lower_forward};

const graph::OpInfo kDeepshiftPsBackwardInputOp = {.name = "deepshift_ps_backward_input",
                                                   .fields = kFields,
                                                   .param_bytes = sizeof(Params),
                                                   .infer = infer_backward,
                                                   .lower = lower_backward};

Result<ValueId> deepshift_ps(Graph& graph, std::string name, ValueId latents, uint32_t bits, float penalty) {
  return append_one(graph, kDeepshiftPsOp, std::move(name), Params{.bits = bits, .penalty = penalty}, {latents});
}

}  // namespace lowtide::ops
