// SPDX-License-Identifier: Apache-2.0
// fill: the output's description travels in the parameters, since there is no input to take it from.
#include "engine/ops/fill/fill.hpp"

#include <bit>
#include <cstddef>

#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/fill.hpp"
#include "shaders/fill/fill.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {
    {"rank", offsetof(FillOpParams, rank), FieldType::u32},
    {"extent0", offsetof(FillOpParams, extent0), FieldType::u32},
    {"extent1", offsetof(FillOpParams, extent1), FieldType::u32},
    {"extent2", offsetof(FillOpParams, extent2), FieldType::u32},
    {"extent3", offsetof(FillOpParams, extent3), FieldType::u32},
    {"value", offsetof(FillOpParams, value), FieldType::f32},
};

FillOpParams params_for(const Shape& shape, float value) {
  const auto extent = [&](uint32_t axis) { return axis < shape.rank() ? shape[axis] : 0; };
  return {shape.rank(), extent(0), extent(1), extent(2), extent(3), value};
}

Descs infer(const Node& node, const Graph&) {
  check_input_count(node, 0);
  const auto p = node.params<FillOpParams>();
  switch (p.rank) {
    case 0:
      return std::vector{f32_desc(Shape{})};
    case 1:
      return std::vector{f32_desc(Shape{p.extent0})};
    case 2:
      return std::vector{f32_desc(Shape{p.extent0, p.extent1})};
    case 3:
      return std::vector{f32_desc(Shape{p.extent0, p.extent1, p.extent2})};
    case 4:
      return std::vector{f32_desc(Shape{p.extent0, p.extent1, p.extent2, p.extent3})};
    default:
      return fail(ErrorCode::invalid_argument, "a shape has at most four extents");
  }
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const uint32_t word = std::bit_cast<uint32_t>(node.params<FillOpParams>().value);
  if (target.naive_only) {
    const Grid grid = naive_grid(shape);
    out.add(kernels::fill_forward_naive{.y = node.out()},
            shaders::FillParams{.first = 0, .count = grid.count, .word = word}, grid.groups);
    return {};
  }
  const Grid grid = element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.y = node.out();
    out.add(kernel, shaders::FillItemsParams{.count = grid.count, .stride = grid.stride, .word = word}, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::fill_forward_vec4{});
  } else {
    add(kernels::fill_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kFillOp = {
    .name = "fill", .fields = kFields, .param_bytes = sizeof(FillOpParams), .infer = infer, .lower = lower};

Result<ValueId> fill(Graph& graph, std::string name, TensorDesc desc, float value) {
  LOWTIDE_CHECK(desc.dtype == DType::f32, "fill makes f32 values");
  return append_one(graph, kFillOp, std::move(name), params_for(desc.shape, value), {});
}

Result<void> fill_existing(Graph& graph, std::string name, ValueId target, float value) {
  const FillOpParams params = params_for(graph.desc(target).shape, value);
  LOWTIDE_TRY_VOID(append_one(graph, kFillOp, std::move(name), params, {}, {target}));
  return {};
}

}  // namespace lowtide::ops
