// SPDX-License-Identifier: Apache-2.0
// concat: one dispatch per input; both directions are one strided copy.
#include "engine/ops/concat/concat.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <limits>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/concat.hpp"
#include "shaders/concat/concat.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

constexpr graph::ParamField kBackwardFields[] = {
    {"first", offsetof(ConcatBackwardOpParams, first), FieldType::u32},
    {"channels", offsetof(ConcatBackwardOpParams, channels), FieldType::u32},
};

// The shape with another last extent; rank >= 1.
Shape with_last(const Shape& shape, uint32_t last) {
  switch (shape.rank()) {
    case 1:
      return Shape{last};
    case 2:
      return Shape{shape[0], last};
    case 3:
      return Shape{shape[0], shape[1], last};
    default:
      return Shape{shape[0], shape[1], shape[2], last};
  }
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() >= 2, "concat takes at least two inputs");
  const Shape& first = graph.desc(node.in(0)).shape;
  uint64_t channels = 0;
  for (const ValueId id : node.inputs) {
    LOWTIDE_TRY_VOID(expect_dtype(graph, id, DType::f32, "each input"));
    const Shape& shape = graph.desc(id).shape;
    if (shape.rank() == 0 || shape.rank() != first.rank() || with_last(shape, 1) != with_last(first, 1)) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the inputs may differ in the last extent only, but are {} and {}", to_string(first),
                              to_string(shape)));
    }
    channels += shape.last();
  }
  if (channels > std::numeric_limits<uint32_t>::max()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} channels are too many to join", channels));
  }
  return std::vector{f32_desc(with_last(first, static_cast<uint32_t>(channels)))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the gradient"));
  const Shape& dy = graph.desc(node.in(0)).shape;
  const auto p = node.params<ConcatBackwardOpParams>();
  if (dy.rank() == 0 || p.channels == 0 || uint64_t{p.first} + p.channels > dy.last()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} channels from {} on are not in {}", p.channels, p.first, to_string(dy)));
  }
  return std::vector{f32_desc(with_last(dy, p.channels))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  uint32_t first = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const uint32_t channels = builder.graph().desc(node.in(i)).shape.last();
    if (builder.needs_gradient(node.in(i))) {
      LOWTIDE_TRY(const ValueId dx,
                  append_one(builder.graph(), kConcatBackwardOp, fmt::format("{}/backward_input.{}", node.name, i),
                             ConcatBackwardOpParams{.first = first, .channels = channels}, {dy}));
      LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), dx));
    }
    first += channels;
  }
  return {};
}

// Copies `channels` channels of every row, from `x_first` of x to `y_first` of y; counts in elements.
struct Slice {
  ValueId x, y;
  uint32_t x_first, y_first, channels;
};

void lower_slice(const Slice& slice, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const uint32_t x_row = graph.desc(slice.x).shape.last(), y_row = graph.desc(slice.y).shape.last();
  const bool is_vec4 =
      !target.naive_only && (x_row % 4 + y_row % 4 + slice.x_first % 4 + slice.y_first % 4 + slice.channels % 4) == 0;
  const uint32_t unit = is_vec4 ? 4 : 1;
  const Shape copied = with_last(graph.desc(slice.x).shape, slice.channels);
  const Grid grid = target.naive_only ? naive_grid(copied) : reduction_grid(copied);  // only blocks() is used
  const shaders::ConcatParams params = {.rows = narrow<uint32_t>(copied.row_count()),
                                        .channels = slice.channels / unit,
                                        .blocks = grid.blocks(),
                                        .x_row = x_row / unit,
                                        .x_first = slice.x_first / unit,
                                        .y_row = y_row / unit,
                                        .y_first = slice.y_first / unit};
  const auto add = [&](auto kernel) {
    kernel.x = slice.x;
    kernel.y = slice.y;
    out.add(kernel, params, groups_for(uint64_t{params.blocks} * params.channels, Grid::kWidth));
  };
  if (target.naive_only) {
    add(kernels::concat_forward_naive{});
  } else if (is_vec4) {
    add(kernels::concat_forward_vec4{});
  } else {
    add(kernels::concat_forward{});
  }
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  uint32_t first = 0;
  for (const ValueId x : node.inputs) {
    const uint32_t channels = graph.desc(x).shape.last();
    lower_slice(Slice{.x = x, .y = node.out(), .x_first = 0, .y_first = first, .channels = channels}, graph, target,
                out);
    first += channels;
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<ConcatBackwardOpParams>();
  lower_slice(Slice{.x = node.in(0), .y = node.out(), .x_first = p.first, .y_first = 0, .channels = p.channels}, graph,
              target, out);
  return {};
}

}  // namespace

const graph::OpInfo kConcatOp = {.name = "concat",
                                 .param_bytes = sizeof(NoParams),
                                 .infer = infer_forward,
                                 .differentiate = differentiate,
                                 .lower = lower_forward};

const graph::OpInfo kConcatBackwardOp = {.name = "concat_backward_input",
                                         .fields = kBackwardFields,
                                         .param_bytes = sizeof(ConcatBackwardOpParams),
                                         .infer = infer_backward,
                                         .lower = lower_backward};

Result<ValueId> concat(Graph& graph, std::string name, std::vector<ValueId> inputs) {
  return append_one(graph, kConcatOp, std::move(name), NoParams{}, std::move(inputs));
}

}  // namespace lowtide::ops
