// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation: shapes and gradients.
#include "engine/ops/batch_norm/activation.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/batch_norm/lower.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::Node;
using Params = BatchNormActivationOpParams;
using BackwardParams = BatchNormActivationBackwardOpParams;

#define LOWTIDE_NORM_FIELDS                                                                                       \
  {"epsilon", offsetof(Params, epsilon), FieldType::f32},                                                         \
      {"activation", offsetof(Params, activation), FieldType::u32}, {"lo", offsetof(Params, lo), FieldType::f32}, \
      {"hi", offsetof(Params, hi), FieldType::f32}, {"quantizer", offsetof(Params, quantizer), FieldType::u32},   \
      {"bits", offsetof(Params, bits), FieldType::u32}, {"window", offsetof(Params, window), FieldType::f32}, {   \
    "writes_value", offsetof(Params, writes_value), FieldType::u32                                                \
  }
static_assert(offsetof(BackwardParams, forward) == 0);
constexpr graph::ParamField kFields[] = {LOWTIDE_NORM_FIELDS};
constexpr graph::ParamField kBackwardFields[] = {
    LOWTIDE_NORM_FIELDS,
    {"has_dvalue", offsetof(BackwardParams, has_dvalue), FieldType::u32},
    {"has_dlevels", offsetof(BackwardParams, has_dlevels), FieldType::u32},
    {"has_shortcut", offsetof(BackwardParams, has_shortcut), FieldType::u32}};
#undef LOWTIDE_NORM_FIELDS

Result<void> expect_x(const Graph& graph, ValueId x) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, x, DType::f32, "the input"));
  const Shape& shape = graph.desc(x).shape;
  if (shape.rank() >= 2 && shape.row_count() >= 2 && shape.last() % 4 == 0) return {};
  return fail(ErrorCode::invalid_argument,
              "batch statistics in one pass need at least two rows of channels, in fours, but the input is " +
                  to_string(graph.desc(x)));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 3 || node.inputs.size() == 4, "batch_norm_activation takes 3 or 4 inputs");
  LOWTIDE_TRY_VOID(expect_x(graph, node.in(0)));
  for (size_t i = 1; i < 3; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "gamma and beta"));
  }
  if (node.inputs.size() == 4) {
    LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(3), "the input and the shortcut"));
  }
  const auto p = node.params<Params>();
  if (!(p.epsilon > 0)) {
    return fail(ErrorCode::invalid_argument, "epsilon must be positive, but is " + std::to_string(p.epsilon));
  }
  if (p.quantizer == NormQuantizer::unsigned_levels && (p.bits < 1 || p.bits > kMaxNormBits)) {
    return fail(ErrorCode::invalid_argument,
                "levels behind a norm have 1 to 5 bits, but here " + std::to_string(p.bits));
  }
  const TensorDesc x = graph.desc(node.in(0)), per_channel = graph.desc(node.in(1));
  return std::vector{x,           per_channel, f32_desc(Shape{4, x.shape.last()}),
                     per_channel, x,           TensorDesc{DType::u8, x.shape}};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  const auto p = node.params<BackwardParams>();
  check_input_count(node, size_t{3} + p.has_dvalue + p.has_dlevels);
  LOWTIDE_TRY_VOID(expect_x(graph, node.in(0)));
  for (size_t i = 3; i < node.inputs.size(); ++i) {
    LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(i), "x and the gradients"));
  }
  const TensorDesc x = graph.desc(node.in(0)), per_channel = f32_desc(Shape{x.shape.last()});
  std::vector<TensorDesc> out = {x, per_channel, per_channel};
  if (p.has_shortcut != 0) out.push_back(x);
  return out;
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  for (size_t i = 1; i < 4; ++i) {
    LOWTIDE_CHECK(!builder.gradient(node.out(i)).is_valid(), "the statistics of a batch norm are not differentiable");
  }
  const ValueId dvalue = builder.gradient(node.out(0)), dlevels = builder.gradient(node.out(4));
  const bool has_shortcut = node.inputs.size() == 4;
  const BackwardParams params = {.forward = node.params<Params>(),
                                 .has_dvalue = dvalue.is_valid() ? 1u : 0u,
                                 .has_dlevels = dlevels.is_valid() ? 1u : 0u,
                                 .has_shortcut = has_shortcut ? 1u : 0u};
  std::vector<ValueId> inputs = {node.in(0), node.out(2), node.out(5)};
  if (dvalue.is_valid()) inputs.push_back(dvalue);
  if (dlevels.is_valid()) inputs.push_back(dlevels);
  LOWTIDE_TRY(const Node* backward,
              builder.graph().append(kBatchNormActivationBackwardOp, node.name + "/backward_input", &params,
                                     sizeof(params), std::move(inputs)));
  for (size_t i = 0; i < node.inputs.size(); ++i) LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), backward->out(i)));
  return {};
}

}  // namespace

const graph::OpInfo kBatchNormActivationOp = {.name = "batch_norm_activation",
                                              .fields = kFields,
                                              .param_bytes = sizeof(Params),
                                              .infer = infer_forward,
                                              .differentiate = differentiate,
                                              .lower = batch_norm_lowering::forward_activation};

const graph::OpInfo kBatchNormActivationBackwardOp = {.name = "batch_norm_activation_backward",
                                                      .fields = kBackwardFields,
                                                      .param_bytes = sizeof(BackwardParams),
                                                      .infer = infer_backward,
                                                      .lower = batch_norm_lowering::backward_activation};

}  // namespace lowtide::ops
