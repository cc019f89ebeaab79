// SPDX-License-Identifier: Apache-2.0
// Where thresholds and the ternary scale come from. Small dispatches on numbers that are static in evaluation.
#include <algorithm>
#include <cstddef>

#include "engine/ops/quantize_threshold/bits_rule.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/quantize_threshold.hpp"
#include "shaders/quantize_threshold/quantize_threshold.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;
using Params = QuantizeThresholdValuesOpParams;

constexpr graph::ParamField kFields[] = {
    {"bits", offsetof(Params, bits), FieldType::u32}, {"t1", offsetof(Params, t1), FieldType::f32},
    {"t2", offsetof(Params, t2), FieldType::f32},     {"t3", offsetof(Params, t3), FieldType::f32},
    {"t4", offsetof(Params, t4), FieldType::f32},     {"t5", offsetof(Params, t5), FieldType::f32},
    {"t6", offsetof(Params, t6), FieldType::f32},     {"t7", offsetof(Params, t7), FieldType::f32}};

// A chunk long enough to be worth a workgroup; few enough chunks for one workgroup to finish.
constexpr uint32_t kMinChunk = 4096;
constexpr uint32_t kMaxChunks = 128;

Result<void> expect_scalar(const Graph& graph, ValueId id, const char* what) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, id, DType::f32, what));
  return expect_rank(graph, id, 0, what);
}

Descs infer_values(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() <= 1, "quantize_threshold_values takes at most one input");
  const uint32_t bits = node.params<Params>().bits;
  LOWTIDE_TRY_VOID(expect_threshold_bits(node, bits));
  if (!node.inputs.empty()) LOWTIDE_TRY_VOID(expect_scalar(graph, node.in(0), "what multiplies thresholds"));
  return std::vector{f32_desc(Shape{quant::shift_magnitudes(bits)})};
}

Result<void> lower_values(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto p = node.params<Params>();
  const bool has_base = !node.inputs.empty();
  out.add(kernels::quantize_threshold_values_forward{.base = has_base ? node.in(0) : out.scratch(4),
                                                     .thresholds = node.out()},
          shaders::QuantizeThresholdValuesParams{.count = graph.desc(node.out()).shape[0],
                                                 .has_base = has_base ? 1u : 0u,
                                                 .t1 = p.t1,
                                                 .t2 = p.t2,
                                                 .t3 = p.t3,
                                                 .t4 = p.t4,
                                                 .t5 = p.t5,
                                                 .t6 = p.t6,
                                                 .t7 = p.t7},
          Groups{});
  return {};
}

Descs infer_maximum(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_scalar(graph, node.in(0), "a maximum"));
  LOWTIDE_TRY_VOID(expect_scalar(graph, node.in(1), "a running maximum"));
  return std::vector{f32_desc(Shape{})};
}

Result<void> lower_maximum(const Node& node, const Graph&, const LowerTarget&, DispatchList& out) {
  out.add(kernels::quantize_threshold_maximum_forward{.maximum = node.in(0), .running = node.out()},
          shaders::QuantizeThresholdMaximumParams{.count = 1}, Groups{});
  return {};
}

Descs infer_scale(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "a weight tensor"));
  LOWTIDE_TRY_VOID(expect_thresholds(graph, node.in(1), quant::kMinShiftBits));
  return std::vector{f32_desc(Shape{})};
}

Result<void> lower_scale(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.in(0)).element_count());
  const uint32_t chunk = target.naive_only ? std::max(1u, count) : std::max(kMinChunk, ceil_div(count, kMaxChunks));
  const uint32_t chunks = std::max(1u, ceil_div(count, chunk));
  const ValueId partials = out.scratch(uint64_t{chunks} * 8);
  out.add(
      kernels::quantize_threshold_scale_forward_partials{
          .w = node.in(0), .thresholds = node.in(1), .partials = partials},
      shaders::QuantizeThresholdScaleParams{.count = count, .chunk_length = chunk}, Groups{chunks, 1, 1});
  out.add(kernels::quantize_threshold_scale_forward_finish{.partials = partials, .scale = node.out()},
          shaders::QuantizeThresholdScaleParams{.count = chunks, .chunk_length = chunks}, Groups{});
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeThresholdValuesOp = {.name = "quantize_threshold_values",
                                                  .fields = kFields,
                                                  .param_bytes = sizeof(Params),
                                                  .infer = infer_values,
                                                  .lower = lower_values};

const graph::OpInfo kQuantizeThresholdMaximumOp = {.name = "quantize_threshold_maximum",
                                                   .param_bytes = sizeof(NoParams),
                                                   .infer = infer_maximum,
                                                   .lower = lower_maximum};

const graph::OpInfo kQuantizeThresholdScaleOp = {
    .name = "quantize_threshold_scale", .param_bytes = sizeof(NoParams), .infer = infer_scale, .lower = lower_scale};

Result<ValueId> threshold_values(Graph& graph, std::string name, uint32_t bits, const quant::ShiftThresholds& t,
                                 ValueId base) {
  const Params params = {bits, t[0], t[1], t[2], t[3], t[4], t[5], t[6]};
  std::vector<ValueId> inputs;
  if (base.is_valid()) inputs.push_back(base);
  return append_one(graph, kQuantizeThresholdValuesOp, std::move(name), params, std::move(inputs));
}

Result<ValueId> running_maximum(Graph& graph, std::string name, ValueId maximum, ValueId running) {
  return append_one(graph, kQuantizeThresholdMaximumOp, std::move(name), NoParams{}, {maximum, running}, {running});
}

Result<ValueId> ternary_scale(Graph& graph, std::string name, ValueId w, ValueId thresholds) {
  return append_one(graph, kQuantizeThresholdScaleOp, std::move(name), NoParams{}, {w, thresholds});
}

}  // namespace lowtide::ops
