// SPDX-License-Identifier: Apache-2.0
// tap_conv2d: shape rule and lowering. But for its scales the node is a conv2d, whose rules it borrows.
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"

#include <fmt/format.h>

#include "engine/ops/conv2d/geometry.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/tap_conv2d.hpp"
#include "shaders/tap_conv2d/tap_conv2d.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

// The convolution without its scales.
Node as_convolution(const Node& node) {
  Node conv = node;
  conv.op = &kConv2dOp;
  conv.inputs.resize(2);
  return conv;
}

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY(const std::vector<TensorDesc> y, kConv2dOp.infer(as_convolution(node), graph));
  const Shape& w = graph.desc(node.in(1)).shape;
  const TensorDesc wanted = f32_desc(Shape{w[1] * w[2]});
  if (graph.desc(node.in(2)) == wanted) return y;
  return fail(ErrorCode::invalid_argument, fmt::format("the tap scales of '{}' must be {}, but are {}", node.name,
                                                       to_string(wanted), to_string(graph.desc(node.in(2)))));
}

shaders::TapConv2dParams kernel_params(const Conv2dGeometry& g) {
  const Conv2dParams& p = g.params;
  return {.pixels = g.n * g.oh * g.ow,
          .h = g.h,
          .w = g.w,
          .c = g.c,
          .oh = g.oh,
          .ow = g.ow,
          .k = g.k,
          .r = g.r,
          .s = g.s,
          .stride_h = p.stride_h,
          .stride_w = p.stride_w,
          .pad_h = p.pad_h,
          .pad_w = p.pad_w,
          .dilation_h = p.dilation_h,
          .dilation_w = p.dilation_w,
          .group_c = g.group_c(),
          .group_k = g.group_k(),
          .output_scale = p.output_scale};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Conv2dGeometry g = conv2d_geometry(as_convolution(node), graph);
  const shaders::TapConv2dParams params = kernel_params(g);
  const ValueId x = node.in(0), w = node.in(1), scale = node.in(2), y = node.out();
  kernels::tap_conv2d_forward tuned{.x = x, .w = w, .scale = scale, .y = y};
  tuned.spec.block = g.k > 16 ? 32 : g.k > 8 ? 16 : 8;
  const bool is_whole = g.params.groups == 1 || g.group_k() % tuned.spec.block == 0;
  if (!target.naive_only && g.group_c() % 4 == 0 && is_whole) {
    Groups groups = groups_for(params.pixels, tuned.local_size);
    groups.z = ceil_div(g.k, uint32_t{tuned.spec.block});
    out.add(tuned, params, groups);
    return {};
  }
  const kernels::tap_conv2d_forward_naive naive{.x = x, .w = w, .scale = scale, .y = y};
  out.add(naive, params, groups_for(g.y_count(), naive.local_size));
  return {};
}

graph::Cost cost(const Node& node, const Graph& graph) {
  return kConv2dOp.cost(as_convolution(node), graph);
}

}  // namespace

const graph::OpInfo kTapConv2dOp = {.name = "tap_conv2d",
                                    .fields = kConv2dOp.fields,
                                    .param_bytes = sizeof(Conv2dParams),
                                    .infer = infer,
                                    .lower = lower,
                                    .cost = cost};

Result<ValueId> tap_conv2d(Graph& graph, std::string name, ValueId x, ValueId w, ValueId scale,
                           const Conv2dParams& params) {
  return append_one(graph, kTapConv2dOp, std::move(name), params, {x, w, scale});
}

}  // namespace lowtide::ops
