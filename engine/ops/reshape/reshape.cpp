// SPDX-License-Identifier: Apache-2.0
// reshape: shape and gradient; there is nothing to lower.
#include "engine/ops/reshape/reshape.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::Node;

constexpr graph::ParamField kFields[] = {
    {"rank", offsetof(ReshapeOpParams, rank), FieldType::u32},
    {"extent0", offsetof(ReshapeOpParams, extent0), FieldType::u32},
    {"extent1", offsetof(ReshapeOpParams, extent1), FieldType::u32},
    {"extent2", offsetof(ReshapeOpParams, extent2), FieldType::u32},
    {"extent3", offsetof(ReshapeOpParams, extent3), FieldType::u32},
};

Result<Shape> shape_of(const ReshapeOpParams& p) {
  switch (p.rank) {
    case 0:
      return Shape{};
    case 1:
      return Shape{p.extent0};
    case 2:
      return Shape{p.extent0, p.extent1};
    case 3:
      return Shape{p.extent0, p.extent1, p.extent2};
    case 4:
      return Shape{p.extent0, p.extent1, p.extent2, p.extent3};
    default:
      return fail(ErrorCode::invalid_argument, "a shape has at most four extents");
  }
}

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY(const Shape shape, shape_of(node.params<ReshapeOpParams>()));
  const TensorDesc& x = graph.desc(node.in(0));
  if (shape.element_count() != x.element_count()) {
    return fail(ErrorCode::invalid_argument,
                "the elements of " + to_string(x) + " cannot be arranged as " + to_string(shape));
  }
  return std::vector{f32_desc(shape)};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx, reshape(builder.graph(), node.name + "/backward_input", builder.gradient(node.out()),
                                        builder.graph().desc(node.in(0)).shape));
  return builder.accumulate(node.in(0), dx);
}

}  // namespace

const graph::OpInfo kReshapeOp = {.name = "reshape",
                                  .fields = kFields,
                                  .param_bytes = sizeof(ReshapeOpParams),
                                  .infer = infer,
                                  .differentiate = differentiate,
                                  .is_view = true};

Result<ValueId> reshape(Graph& graph, std::string name, ValueId x, const Shape& shape) {
  const auto extent = [&](uint32_t axis) { return axis < shape.rank() ? shape[axis] : 0; };
  return append_one(graph, kReshapeOp, std::move(name),
                    ReshapeOpParams{shape.rank(), extent(0), extent(1), extent(2), extent(3)}, {x});
}

Result<ValueId> flatten(Graph& graph, std::string name, ValueId x) {
  const Shape& shape = graph.desc(x).shape;
  if (shape.rank() < 2) {
    return fail(ErrorCode::invalid_argument, "'" + name +
                                                 "': flatten keeps the first extent and joins the others, but '" +
                                                 graph.value(x).name + "' is " + to_string(graph.desc(x)));
  }
  const uint64_t joined = shape[0] == 0 ? 0 : shape.element_count() / shape[0];
  return reshape(graph, std::move(name), x, Shape{shape[0], narrow<uint32_t>(joined)});
}

}  // namespace lowtide::ops
