// SPDX-License-Identifier: Apache-2.0
// Shape rules of stacked latents.
#include "engine/ops/latent_stack.hpp"

#include <fmt/format.h>

#include "engine/ops/rules.hpp"

namespace lowtide::ops {

Shape with_first_extent(const Shape& shape, uint32_t extent) {
  switch (shape.rank()) {
    case 1:
      return {extent};
    case 2:
      return {extent, shape[1]};
    case 3:
      return {extent, shape[1], shape[2]};
    default:
      return {extent, shape[1], shape[2], shape[3]};
  }
}

Result<TensorDesc> levels_of_stack(const graph::Graph& graph, ValueId stack, uint32_t latents, const char* what) {
  const TensorDesc& desc = graph.desc(stack);
  const Shape& shape = desc.shape;
  if (desc.dtype != DType::f32 || shape.rank() == 0 || shape[0] % latents != 0 || shape.element_count() == 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the latents of {} must be f32, {} tensors stacked along the first axis, but '{}' is {}",
                            what, latents, graph.value(stack).name, to_string(desc)));
  }
  return f32_desc(with_first_extent(shape, shape[0] / latents));
}

Descs infer_stack_gradient(const graph::Node& node, const graph::Graph& graph, uint32_t latents, const char* what) {
  check_input_count(node, 3);
  LOWTIDE_CHECK(graph.value(node.in(2)).role == graph::Role::step,
                "the gradient of stacked latents reads the step block");
  LOWTIDE_TRY(const TensorDesc levels, levels_of_stack(graph, node.in(0), latents, what));
  if (graph.desc(node.in(1)) != levels) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the gradient of the levels of {} must be {}, but '{}' is {}", what, to_string(levels),
                            graph.value(node.in(1)).name, to_string(graph.desc(node.in(1)))));
  }
  return std::vector{graph.desc(node.in(0))};
}

}  // namespace lowtide::ops
