// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude: max |w| or mean |w|. Two stages where a row is long: chunks, then their results.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/quantize/chunks.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/quantize.hpp"
#include "shaders/quantize/quantize.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = QuantizeMagnitudeOpParams;

constexpr graph::ParamField kFields[] = {{"magnitude", offsetof(Params, magnitude), FieldType::u32},
                                         {"per_channel", offsetof(Params, per_channel), FieldType::u32}};

struct Rows {
  uint32_t count = 0;
  uint32_t length = 0;
};

Rows rows_of(const TensorDesc& w, const TensorDesc& result) {
  const uint32_t count = narrow<uint32_t>(result.element_count());
  return {count, narrow<uint32_t>(w.element_count() / count)};
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const auto params = node.params<Params>();
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "a weight tensor"));
  const Shape& shape = graph.desc(node.in(0)).shape;
  if (shape.element_count() == 0) return fail(ErrorCode::invalid_argument, "the magnitude of an empty tensor");
  if (params.per_channel == 0) return std::vector{f32_desc(Shape{})};
  LOWTIDE_CHECK(params.magnitude == Magnitude::mean, "only the mean exists per channel");
  if (shape.rank() == 0) return fail(ErrorCode::invalid_argument, "a scalar has no channels");
  return std::vector{f32_desc(Shape{shape[0]})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(1), node.in(2), "the magnitude and its gradient"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dw,
              append_one(builder.graph(), kQuantizeMagnitudeBackwardInputOp, node.name + "/backward_input",
                         node.params<Params>(), {node.in(0), node.out(), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dw);
}

// Makes `result` [rows] factor * sum (or max) of each row of `w`; what a row's elements count for is the kernels'
// matter. naive: one invocation a row; items, vec4s: one workgroup a chunk, whose results a second dispatch reduces.
template <class Naive, class Items, class Vec4s>
void reduce_rows(Rows rows, shaders::QuantizeReduceParams params, bool naive_only, ValueId w, ValueId result,
                 DispatchList& out, Naive naive, Items items, Vec4s vec4s) {
  const auto add = [&](auto kernel, ValueId from, ValueId to, const shaders::QuantizeReduceParams& p, Groups groups) {
    kernel.w = from;
    kernel.result = to;
    out.add(kernel, p, groups);
  };
  params.rows = rows.count;
  params.row_items = params.chunk_items = rows.length;
  params.chunks = 1;
  if (naive_only) return add(naive, w, result, params, groups_for(rows.count, Grid::kWidth));
  const Chunks chunks = chunks_of(rows.length);
  const bool is_one_stage = chunks.count == 1;
  const ValueId target = is_one_stage ? result : out.scratch(uint64_t{rows.count} * chunks.count * 4);
  shaders::QuantizeReduceParams first = params;
  first.row_items = chunks.items;
  first.chunk_items = chunks.items_each;
  first.chunks = chunks.count;
  if (!is_one_stage) first.factor = 1.0f;
  const Groups groups = {chunks.count, rows.count, 1};
  if (chunks.is_vec4) {
    add(vec4s, w, target, first, groups);
  } else {
    add(items, w, target, first, groups);
  }
  if (is_one_stage) return;
  params.row_items = params.chunk_items = chunks.count;
  add(kernels::quantize_magnitude_forward{}, target, result, params, Groups{1, rows.count, 1});
}

// Many rows keep a software device busy with an invocation each, and a workgroup's barriers then cost more than its
// row: processor time for the 256 means of a 256x3x3x256 tensor is 0.98 ms with workgroups, 0.39 ms with invocations on
// llvmpipe (512 bits); 24 and 2.3 ms on SwiftShader.
bool takes_an_invocation_per_row(Rows rows, const LowerTarget& target) {
  return target.naive_only || (target.caps.is_software() && rows.count >= Grid::kWidth);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Rows rows = rows_of(graph.desc(node.in(0)), graph.desc(node.out()));
  const bool is_max = node.params<Params>().magnitude == Magnitude::max;
  const shaders::QuantizeReduceParams params = {.is_max = is_max,
                                                .factor = is_max ? 1.0f : 1.0f / static_cast<float>(rows.length)};
  reduce_rows(rows, params, takes_an_invocation_per_row(rows, target), node.in(0), node.out(), out,
              kernels::quantize_magnitude_forward_naive{}, kernels::quantize_magnitude_forward{},
              kernels::quantize_magnitude_forward_vec4{});
  return {};
}

// How many elements attain the maximum.
ValueId lower_attained(const Node& node, Rows rows, bool naive_only, DispatchList& out) {
  const ValueId attained = out.scratch(4);
  const ValueId maximum = node.in(1);
  reduce_rows(rows, {.is_max = 0, .factor = 1.0f}, naive_only, node.in(0), attained, out,
              kernels::quantize_magnitude_forward_count_naive{.equal_to = maximum},
              kernels::quantize_magnitude_forward_count{.equal_to = maximum},
              kernels::quantize_magnitude_forward_count_vec4{.equal_to = maximum});
  return attained;
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Rows rows = rows_of(graph.desc(node.in(0)), graph.desc(node.in(1)));
  const bool is_max = node.params<Params>().magnitude == Magnitude::max;
  const ValueId attained = is_max ? lower_attained(node, rows, target.naive_only, out) : node.in(1);
  const Grid grid = vec4_grid(graph.desc(node.out()).shape, rows.length, target);
  const auto add = [&](auto kernel) {
    kernel.w = node.in(0);
    kernel.result = node.in(1);
    kernel.dresult = node.in(2);
    kernel.attained = attained;
    kernel.dw = node.out();
    out.add(kernel,
            shaders::QuantizeMagnitudeGradientParams{.count = grid.count,
                                                     .stride = grid.stride,
                                                     .row_items = grid.count / rows.count,
                                                     .share = 1.0f / static_cast<float>(rows.length),
                                                     .is_max = is_max},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::quantize_magnitude_backward_input_vec4{});
  } else {
    add(kernels::quantize_magnitude_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeMagnitudeOp = {.name = "quantize_magnitude",
                                            .fields = kFields,
                                            .param_bytes = sizeof(Params),
                                            .infer = infer_forward,
                                            .differentiate = differentiate,
                                            .lower = lower_forward};

const graph::OpInfo kQuantizeMagnitudeDetachedOp = {.name = "quantize_magnitude_detached",
                                                    .fields = kFields,
                                                    .param_bytes = sizeof(Params),
                                                    .infer = infer_forward,
                                                    .lower = lower_forward};

const graph::OpInfo kQuantizeMagnitudeBackwardInputOp = {.name = "quantize_magnitude_backward_input",
                                                         .fields = kFields,
                                                         .param_bytes = sizeof(Params),
                                                         .infer = infer_backward,
                                                         .lower = lower_backward};

}  // namespace lowtide::ops
