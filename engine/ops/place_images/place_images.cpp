// SPDX-License-Identifier: Apache-2.0
// place_images: an invocation for each pixel of the batch.
#include "engine/ops/place_images/place_images.hpp"

#include <cstddef>
#include <utility>

#include "engine/ops/normalize_pixels/normalize_pixels.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/place_images.hpp"
#include "shaders/place_images/place_images.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr uint32_t kPlacementWords = 4;
constexpr graph::ParamField kFields[] = {{"h", offsetof(PlaceImagesOpParams, h), graph::FieldType::u32},
                                         {"w", offsetof(PlaceImagesOpParams, w), graph::FieldType::u32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  const auto& p = node.params<PlaceImagesOpParams>();
  const TensorDesc &pixels = graph.desc(node.in(0)), &placements = graph.desc(node.in(1)),
                   &table = graph.desc(node.in(2));
  if (pixels.dtype != DType::u32 || pixels.shape.rank() != 1) {
    return fail(ErrorCode::invalid_argument, "pixels are u32 [words], found " + to_string(pixels));
  }
  if (placements.dtype != DType::u32 || placements.shape.rank() != 2 || placements.shape[1] != kPlacementWords) {
    return fail(ErrorCode::invalid_argument, "placements are u32 [n, 4], found " + to_string(placements));
  }
  if (table.dtype != DType::f32 || table.shape.rank() != 2 || table.shape[1] != kPixelValues) {
    return fail(ErrorCode::invalid_argument, "the table is f32 [channels, 256], found " + to_string(table));
  }
  const uint64_t image_bytes = uint64_t{p.h} * p.w * table.shape[0];
  if (image_bytes == 0 || uint64_t{pixels.shape[0]} * 4 < image_bytes) {
    return fail(ErrorCode::invalid_argument, "pixels hold no whole image");
  }
  return std::vector{f32_desc(Shape{placements.shape[0], p.h, p.w, table.shape[0]})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& y = graph.desc(node.out()).shape;
  const shaders::PlaceImagesParams params = {.images = y[0], .h = y[1], .w = y[2], .c = y[3]};
  const uint64_t places = uint64_t{y[0]} * y[1] * y[2];
  if (target.naive_only) {
    const kernels::place_images_forward_naive kernel = {
        .pixels = node.in(0), .placements = node.in(1), .table = node.in(2), .y = node.out()};
    out.add(kernel, params, groups_for(places * y[3], kernel.spec.width));
  } else {
    const kernels::place_images_forward kernel = {
        .pixels = node.in(0), .placements = node.in(1), .table = node.in(2), .y = node.out()};
    out.add(kernel, params, groups_for(places, kernel.spec.width));
  }
  return {};
}

}  // namespace

const graph::OpInfo kPlaceImagesOp = {.name = "place_images",
                                      .fields = kFields,
                                      .param_bytes = sizeof(PlaceImagesOpParams),
                                      .infer = infer,
                                      .lower = lower};

Result<ValueId> place_images(Graph& graph, std::string name, ValueId pixels, ValueId placements, ValueId table,
                             const PlaceImagesOpParams& params) {
  return append_one(graph, kPlaceImagesOp, std::move(name), params, {pixels, placements, table});
}

}  // namespace lowtide::ops
