// SPDX-License-Identifier: Apache-2.0
// global_average_pool: shape, gradient and lowering.
#include "engine/ops/global_average_pool/global_average_pool.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/global_average_pool.hpp"
#include "shaders/global_average_pool/global_average_pool.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;
using BackwardParams = GlobalAveragePoolBackwardOpParams;

constexpr graph::ParamField kBackwardFields[] = {{"h", offsetof(BackwardParams, h), FieldType::u32},
                                                 {"w", offsetof(BackwardParams, w), FieldType::u32}};

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the input"));
  const Shape& x = graph.desc(node.in(0)).shape;
  return std::vector{f32_desc(Shape{x[0], x[3]})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the gradient"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 2, "the gradient"));
  const Shape& dy = graph.desc(node.in(0)).shape;
  const auto p = node.params<BackwardParams>();
  return std::vector{f32_desc(Shape{dy[0], p.h, p.w, dy[1]})};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const Shape& x = builder.graph().desc(node.in(0)).shape;
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kGlobalAveragePoolBackwardOp, node.name + "/backward_input",
                                           BackwardParams{.h = x[1], .w = x[2]}, {builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dx);
}

// `images`: the shape [n, h, w, c]. Invocations share out [n, c], or with `every_pixel` all of it.
shaders::GlobalAveragePoolParams shader_params(const Shape& images, bool is_vec4, bool every_pixel) {
  const uint32_t pixels = narrow<uint32_t>(uint64_t{images[1]} * images[2]);
  const uint32_t channels = is_vec4 ? images[3] / 4 : images[3];
  return {.count = narrow<uint32_t>(uint64_t{images[0]} * channels * (every_pixel ? pixels : 1)),
          .channels = channels,
          .pixels = pixels,
          .inverse = 1.0f / static_cast<float>(pixels)};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& x = graph.desc(node.in(0)).shape;
  const bool is_vec4 = !target.naive_only && x[3] % 4 == 0;
  const auto params = shader_params(x, is_vec4, false);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    out.add(kernel, params, groups_for(params.count, kernel.local_size));
  };
  if (is_vec4) {
    add(kernels::global_average_pool_forward_vec4{});
  } else {
    add(kernels::global_average_pool_forward_naive{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& dx = graph.desc(node.out()).shape;
  const bool is_vec4 = !target.naive_only && dx[3] % 4 == 0;
  const auto params = shader_params(dx, is_vec4, target.naive_only);
  const auto add = [&](auto kernel) {
    kernel.dy = node.in(0);
    kernel.dx = node.out();
    out.add(kernel, params, groups_for(params.count, kernel.local_size));
  };
  if (target.naive_only) {
    add(kernels::global_average_pool_backward_input_naive{});
  } else if (is_vec4) {
    add(kernels::global_average_pool_backward_input_vec4{});
  } else {
    add(kernels::global_average_pool_backward_input{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kGlobalAveragePoolOp = {.name = "global_average_pool",
                                            .param_bytes = sizeof(NoParams),
                                            .infer = infer_forward,
                                            .differentiate = differentiate,
                                            .lower = lower_forward};

const graph::OpInfo kGlobalAveragePoolBackwardOp = {.name = "global_average_pool_backward_input",
                                                    .fields = kBackwardFields,
                                                    .param_bytes = sizeof(BackwardParams),
                                                    .infer = infer_backward,
                                                    .lower = lower_backward};

Result<ValueId> global_average_pool(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kGlobalAveragePoolOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
