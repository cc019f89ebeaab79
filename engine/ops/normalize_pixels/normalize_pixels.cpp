// SPDX-License-Identifier: Apache-2.0
// normalize_pixels: shape rule and lowering.
#include "engine/ops/normalize_pixels/normalize_pixels.hpp"

#include <fmt/format.h>

#include "engine/ops/rules.hpp"
#include "gen/kernels/normalize_pixels.hpp"
#include "shaders/normalize_pixels/normalize_pixels.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

constexpr uint64_t kMaxElements = (uint64_t{1} << 31) - 1;  // kernels count them in 32 bits

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::u8, "the pixels"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the pixels"));
  const Shape& x = graph.desc(node.in(0)).shape;
  if (x.element_count() == 0 || x.element_count() > kMaxElements) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' takes 1 to {} pixels, but has {}; use a smaller batch",
                                                         node.name, kMaxElements, to_string(graph.desc(node.in(0)))));
  }
  const TensorDesc wanted = f32_desc({x.last(), kPixelValues});
  if (graph.desc(node.in(1)) == wanted) return std::vector{f32_desc(x)};
  return fail(ErrorCode::invalid_argument, fmt::format("the table of '{}' must be {}, but is {}", node.name,
                                                       to_string(wanted), to_string(graph.desc(node.in(1)))));
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& x = graph.desc(node.in(0)).shape;
  const auto add = [&](auto kernel, uint64_t count) {
    kernel.x = node.in(0);
    kernel.table = node.in(1);
    kernel.y = node.out();
    kernel.spec.c = x.last();
    out.add(kernel, shaders::NormalizePixelsParams{narrow<uint32_t>(count)}, groups_for(count, kernel.local_size));
  };
  const uint64_t count = x.element_count();
  if (!target.naive_only && count % 4 == 0) {
    add(kernels::normalize_pixels_forward_vec4{}, count / 4);
  } else {
    add(kernels::normalize_pixels_forward_naive{}, count);
  }
  return {};
}

}  // namespace

const graph::OpInfo kNormalizePixelsOp = {
    .name = "normalize_pixels", .param_bytes = sizeof(NoParams), .infer = infer, .lower = lower, .is_exact = true};

Result<ValueId> normalize_pixels(Graph& graph, std::string name, ValueId x, ValueId table) {
  return append_one(graph, kNormalizePixelsOp, std::move(name), NoParams{}, {x, table});
}

}  // namespace lowtide::ops
