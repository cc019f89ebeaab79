// SPDX-License-Identifier: Apache-2.0
// linear and its two gradient ops. The tuned kernels are conv2d's: a row of x is a pixel, a batch is a line of pixels.
#include "engine/ops/linear/linear.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/conv2d/lower.hpp"
#include "engine/ops/conv2d/lower_matrix.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/select.hpp"
#include "gen/kernels/linear.hpp"
#include "shaders/linear/linear.params.h"

namespace lowtide::ops {
namespace {

using graph::Cost;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"output_scale", offsetof(LinearParams, output_scale), graph::FieldType::f32},
                                         {"operands", offsetof(LinearParams, operands), graph::FieldType::u32, true}};

constexpr uint64_t kMaxElements = (uint64_t{1} << 31) - 1;  // kernels index with 32 bits

Result<void> expect_matrix(const Node& node, const Graph& graph, ValueId id, const char* what) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, id, DType::f32, what));
  LOWTIDE_TRY_VOID(expect_rank(graph, id, 2, what));
  if (graph.desc(id).element_count() > 0 && graph.desc(id).element_count() <= kMaxElements) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("linear '{}': {} must have between 1 and {} elements, but is {}",
                                                       node.name, what, kMaxElements, to_string(graph.desc(id))));
}

// The description of the result, whose extents are an outer extent of each input; `first` and `second` must be equal.
Descs product(const Node& node, const Graph& graph, uint32_t first, uint32_t second, Shape result) {
  if (first != second) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("linear '{}': {} and {} do not fit together: {} is not {}", node.name,
                            to_string(graph.desc(node.in(0))), to_string(graph.desc(node.in(1))), first, second));
  }
  if (result.element_count() <= kMaxElements) return std::vector{f32_desc(result)};
  return fail(ErrorCode::invalid_argument,
              fmt::format("linear '{}': the result {} is too large", node.name, to_string(result)));
}

// x [n,c], w [k,c] -> y [n,k]
Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(0), "the input"));
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(1), "the weight"));
  const Shape &x = graph.desc(node.in(0)).shape, &w = graph.desc(node.in(1)).shape;
  return product(node, graph, x[1], w[1], {x[0], w[0]});
}

// w [k,c], dy [n,k] -> dx [n,c]
Descs infer_backward_input(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(0), "the weight"));
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(1), "the output gradient"));
  const Shape &w = graph.desc(node.in(0)).shape, &dy = graph.desc(node.in(1)).shape;
  return product(node, graph, w[0], dy[1], {dy[0], w[1]});
}

// x [n,c], dy [n,k] -> dw [k,c]
Descs infer_backward_weight(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(0), "the input"));
  LOWTIDE_TRY_VOID(expect_matrix(node, graph, node.in(1), "the output gradient"));
  const Shape &x = graph.desc(node.in(0)).shape, &dy = graph.desc(node.in(1)).shape;
  return product(node, graph, x[0], dy[0], {dy[1], x[1]});
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId x = node.in(0), w = node.in(1), dy = builder.gradient(node.out());
  const auto params = node.params<LinearParams>();
  if (builder.needs_gradient(w)) {
    LOWTIDE_TRY(const ValueId dw,
                append_one(builder.graph(), kLinearBackwardWeightOp, node.name + "/backward_weight", params, {x, dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(w, dw));
  }
  if (builder.needs_gradient(x)) {
    LOWTIDE_TRY(const ValueId dx,
                append_one(builder.graph(), kLinearBackwardInputOp, node.name + "/backward_input", params, {w, dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(x, dx));
  }
  return {};
}

Conv2dGeometry geometry_of(const Node& node, const Graph& graph) {
  const bool is_backward_input = node.op == &kLinearBackwardInputOp;
  const Shape& x = graph.desc(is_backward_input ? node.out() : node.in(0)).shape;
  const Shape& y = graph.desc(node.op == &kLinearOp ? node.out() : node.in(1)).shape;
  const auto p = node.params<LinearParams>();
  return dense_geometry(x[0], x[1], y[1], p.output_scale, p.operands);
}

Cost cost(const Node& node, const Graph& graph) {
  const Conv2dGeometry g = geometry_of(node, graph);
  return {.multiply_adds = g.multiply_adds(), .bytes = 4 * (g.x_count() + g.w_count() + g.y_count())};
}

shaders::LinearParams naive_params(const Conv2dGeometry& g) {
  return {.n = g.w, .c = g.c, .k = g.k, .scale = g.params.output_scale};
}

void lower_naive_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps&,
                         DispatchList& out) {
  out.add(kernels::linear_forward_naive{.x = x, .w = w, .y = y}, naive_params(g),
          groups_for(g.y_count(), kernels::linear_forward_naive::local_size));
}

void lower_naive_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps&,
                                DispatchList& out) {
  out.add(kernels::linear_backward_input_naive{.dy = dy, .w = w, .dx = dx}, naive_params(g),
          groups_for(g.x_count(), kernels::linear_backward_input_naive::local_size));
}

void lower_naive_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps&,
                                 DispatchList& out) {
  out.add(kernels::linear_backward_weight_naive{.x = x, .dy = dy, .dw = dw}, naive_params(g),
          groups_for(g.w_count(), kernels::linear_backward_weight_naive::local_size));
}

bool always(const Conv2dGeometry&, const DeviceCaps&) {
  return true;
}

struct Variant {
  const char* name;
  FeatureMask features;
  bool (*fits)(const Conv2dGeometry& g, const DeviceCaps& caps);
  void (*lower)(const Conv2dGeometry& g, ValueId in0, ValueId in1, ValueId result, const DeviceCaps& caps,
                DispatchList& out);
};
constexpr Variant kForward[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_forward},
                                {"direct", 0, tuned_pays, lower_tuned_forward},
                                {"naive", 0, always, lower_naive_forward}};
constexpr Variant kBackwardInput[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_backward_input},
                                      {"direct", 0, tuned_pays, lower_tuned_backward_input},
                                      {"naive", 0, always, lower_naive_backward_input}};
constexpr Variant kBackwardWeight[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_backward_weight},
                                       {"direct", 0, tuned_pays, lower_tuned_backward_weight},
                                       {"naive", 0, always, lower_naive_backward_weight}};

template <const auto& kVariants>
Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Conv2dGeometry g = geometry_of(node, graph);
  select_variant(kVariants, target, g, target.caps).lower(g, node.in(0), node.in(1), node.out(), target.caps, out);
  return {};
}

}  // namespace

const graph::OpInfo kLinearOp = {.name = "linear",
                                 .fields = kFields,
                                 .param_bytes = sizeof(LinearParams),
                                 .infer = infer_forward,
                                 .differentiate = differentiate,
                                 .lower = lower<kForward>,
                                 .cost = cost};

const graph::OpInfo kLinearBackwardInputOp = {.name = "linear_backward_input",
                                              .fields = kFields,
                                              .param_bytes = sizeof(LinearParams),
                                              .infer = infer_backward_input,
                                              .lower = lower<kBackwardInput>,
                                              .cost = cost};

const graph::OpInfo kLinearBackwardWeightOp = {.name = "linear_backward_weight",
                                               .fields = kFields,
                                               .param_bytes = sizeof(LinearParams),
                                               .infer = infer_backward_weight,
                                               .lower = lower<kBackwardWeight>,
                                               .cost = cost};

Result<ValueId> linear(Graph& graph, std::string name, ValueId x, ValueId w, const LinearParams& params) {
  return append_one(graph, kLinearOp, std::move(name), params, {x, w});
}

}  // namespace lowtide::ops
