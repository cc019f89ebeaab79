// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude: max |w| or mean |w|. Two stages of one kernel where a row is long: chunks, then their results.
#include <algorithm>
#include <cstddef>

#include "engine/graph/autodiff.hpp"
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

// A chunk long enough to be worth a workgroup; few enough chunks for one workgroup to finish.
constexpr uint32_t kMinChunk = 4096;
constexpr uint32_t kMaxChunks = 128;

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

// Makes `result` factor * sum (or max) of each row: first(output, params, groups) reduces chunks, and where there are
// several of them, second(partial, params, groups) reduces their results.
template <class First, class Second>
void reduce_rows(Rows rows, bool is_max, float factor, bool naive, ValueId result, DispatchList& out, First&& first,
                 Second&& second) {
  const uint32_t chunk = naive ? rows.length : std::max(kMinChunk, ceil_div(rows.length, kMaxChunks));
  const uint32_t chunks = ceil_div(rows.length, chunk);
  const ValueId target = chunks == 1 ? result : out.scratch(uint64_t{rows.count} * chunks * 4);
  first(target,
        shaders::QuantizeReduceParams{.row_length = rows.length,
                                      .chunk_length = chunk,
                                      .chunks = chunks,
                                      .is_max = is_max,
                                      .factor = chunks == 1 ? factor : 1.0f},
        Groups{chunks, rows.count, 1});
  if (chunks == 1) return;
  second(target,
         shaders::QuantizeReduceParams{
             .row_length = chunks, .chunk_length = chunks, .chunks = 1, .is_max = is_max, .factor = factor},
         Groups{1, rows.count, 1});
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Rows rows = rows_of(graph.desc(node.in(0)), graph.desc(node.out()));
  const bool is_max = node.params<Params>().magnitude == Magnitude::max;
  const float factor = is_max ? 1.0f : 1.0f / static_cast<float>(rows.length);
  reduce_rows(
      rows, is_max, factor, target.naive_only, node.out(), out,
      [&](ValueId result, const auto& params, Groups groups) {
        out.add(kernels::quantize_magnitude_forward{.w = node.in(0), .result = result}, params, groups);
      },
      [&](ValueId partial, const auto& params, Groups groups) {
        out.add(kernels::quantize_magnitude_forward{.w = partial, .result = node.out()}, params, groups);
      });
  return {};
}

// How many elements attain the maximum.
ValueId lower_attained(const Node& node, Rows rows, bool naive, DispatchList& out) {
  const ValueId attained = out.scratch(4);
  reduce_rows(
      rows, false, 1.0f, naive, attained, out,
      [&](ValueId result, const auto& params, Groups groups) {
        out.add(kernels::quantize_magnitude_forward_count{.w = node.in(0), .equal_to = node.in(1), .result = result},
                params, groups);
      },
      [&](ValueId partial, const auto& params, Groups groups) {
        out.add(kernels::quantize_magnitude_forward{.w = partial, .result = attained}, params, groups);
      });
  return attained;
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Rows rows = rows_of(graph.desc(node.in(0)), graph.desc(node.in(1)));
  const bool is_max = node.params<Params>().magnitude == Magnitude::max;
  const ValueId attained = is_max ? lower_attained(node, rows, target.naive_only, out) : node.in(1);
  const kernels::quantize_magnitude_backward_input kernel{
      .w = node.in(0), .result = node.in(1), .dresult = node.in(2), .attained = attained, .dw = node.out()};
  const uint32_t count = rows.count * rows.length;
  out.add(kernel, shaders::QuantizeMagnitudeGradientParams{.count = count, .row_length = rows.length, .is_max = is_max},
          groups_for(count, kernel.local_size));
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
