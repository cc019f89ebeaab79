// SPDX-License-Identifier: Apache-2.0
// sparse_shift: shape, gradient and lowering. Tuned kernels take four weights at a time.
#include "engine/ops/sparse_shift/sparse_shift.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/latent_stack.hpp"
#include "engine/ops/rules.hpp"
#include "engine/quant/shift_weights.hpp"
#include "gen/kernels/sparse_shift.hpp"
#include "shaders/sparse_shift/sparse_shift.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = SparseShiftOpParams;

constexpr graph::ParamField kFields[] = {{"bits", offsetof(Params, bits), FieldType::u32},
                                         {"dense_regularizer", offsetof(Params, dense_regularizer), FieldType::f32},
                                         {"is_rounded", offsetof(Params, is_rounded), FieldType::u32}};

Result<void> expect_shift_bits(const Node& node, uint32_t bits) {
  if (quant::has_bits(quant::WeightKind::shift, bits)) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' has {} bits, but S3 weights have {} to {}", node.name,
                                                       bits, quant::kMinShiftBits, quant::kMaxShiftBits));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const uint32_t bits = node.params<Params>().bits;
  LOWTIDE_TRY_VOID(expect_shift_bits(node, bits));
  LOWTIDE_TRY(const TensorDesc levels,
              levels_of_stack(graph, node.in(0), quant::sparse_shift_latents(bits), "S3 weights"));
  return std::vector{levels};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  const uint32_t bits = node.params<Params>().bits;
  LOWTIDE_TRY_VOID(expect_shift_bits(node, bits));
  return infer_stack_gradient(node, graph, quant::sparse_shift_latents(bits), "S3 weights");
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId step_block = builder.graph().step_block();
  LOWTIDE_TRY(const ValueId dlatents,
              append_one(builder.graph(), kSparseShiftBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), builder.gradient(node.out()), step_block}));
  return builder.accumulate(node.in(0), dlatents);
}

shaders::SparseShiftParams kernel_params(const Params& params, const Grid& grid) {
  return {.count = grid.count,
          .stride = grid.stride,
          .shifts = quant::sparse_shift_shifts(params.bits),
          .is_rounded = params.is_rounded,
          .dense_regularizer = params.dense_regularizer};
}

// Of the weights.
Grid grid_of(const TensorDesc& levels, const LowerTarget& target) {
  return vec4_grid(levels.shape, levels.shape.element_count(), target);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(graph.desc(node.out()), target);
  const auto add = [&](auto kernel) {
    kernel.latents = node.in(0);
    kernel.levels = node.out();
    out.add(kernel, kernel_params(node.params<Params>(), grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::sparse_shift_forward{});
  } else {
    add(kernels::sparse_shift_forward_naive{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Grid grid = grid_of(graph.desc(node.in(1)), target);
  const auto add = [&](auto kernel) {
    kernel.latents = node.in(0);
    kernel.dlevels = node.in(1);
    kernel.step_block = node.in(2);
    kernel.dlatents = node.out();
    out.add(kernel, kernel_params(node.params<Params>(), grid), grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::sparse_shift_backward_input{});
  } else {
    add(kernels::sparse_shift_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kSparseShiftOp = {.name = "sparse_shift",
                                      .fields = kFields,
                                      .param_bytes = sizeof(Params),
                                      .infer = infer_forward,
                                      .differentiate = differentiate,
                                      .lower = lower_forward};

const graph::OpInfo kSparseShiftBackwardInputOp = {.name = "sparse_shift_backward_input",
                                                   .fields = kFields,
                                                   .param_bytes = sizeof(Params),
                                                   .infer = infer_backward,
                                                   .lower = lower_backward};

Result<ValueId> sparse_shift(Graph& graph, std::string name, ValueId latents, uint32_t bits, float dense_regularizer) {
  return append_one(graph, kSparseShiftOp, std::move(name),
                    Params{.bits = bits, .dense_regularizer = dense_regularizer}, {latents});
}

}  // namespace lowtide::ops
