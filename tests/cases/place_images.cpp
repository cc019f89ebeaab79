// SPDX-License-Identifier: Apache-2.0
// Cases of place_images: the image itself, crops beyond each side, mirrors, one and three channels, a last word of
// pixels that is not full, images picked twice.
#include "engine/ops/place_images/place_images.hpp"

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

struct Draw {
  uint32_t image;
  int32_t down, right;
  bool is_mirrored;
};
constexpr Draw kDraws[] = {{0, 0, 0, false}, {2, 0, 0, true},   {1, -2, 1, false}, {2, 1, -3, true},
                           {0, 2, 2, false}, {1, 40, 0, false}, {1, 0, -40, true}};

// Hand-made: 2 images of 1 x 2 pixels, 1 channel, bytes 10 20 | 30 40; table[v] = v / 2.
OpCase hand_case() {
  return {.name = "place_images/by_hand",
          .build = [](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId pixels = g.constant("pixels", {DType::u32, Shape{1}});
            const ValueId placements = g.input("placements", {DType::u32, Shape{2, 4}});
            const ValueId table = g.constant("table", f32_desc(Shape{1, 256}));
            LOWTIDE_TRY(const ValueId y, ops::place_images(g, "images", pixels, placements, table, {.h = 1, .w = 2}));
            std::vector<double> halves(256);
            for (size_t v = 0; v < halves.size(); ++v) halves[v] = static_cast<double>(v) / 2;
            const double word = 10 + 256.0 * (20 + 256.0 * (30 + 256.0 * 40));
            return CaseGraph{.inputs = {{pixels, given({word}), false},
                                        {placements, given({1, 0, 0, 1, 0, 0, 1, 0}), false},
                                        {table, given(halves), false}},
                             .outputs = {y}};  // {20, 15}, {10, 0}
          },
          .check_gradient = false,
          .outputs_are_exact = true};
}

OpCase drawn_case(uint32_t h, uint32_t w, uint32_t c) {
  constexpr uint32_t kCount = 3;
  const auto n = static_cast<uint32_t>(std::size(kDraws));
  return {.name = "place_images/" + to_string(Shape{n, h, w, c}),
          .build = [=](graph::Graph& g) -> Result<CaseGraph> {
            const uint32_t words = (kCount * h * w * c + 3) / 4;
            const ValueId pixels = g.constant("pixels", {DType::u32, Shape{words}});
            const ValueId placements = g.input("placements", {DType::u32, Shape{n, 4}});
            const ValueId table = g.constant("table", f32_desc(Shape{c, 256}));
            LOWTIDE_TRY(const ValueId y, ops::place_images(g, "images", pixels, placements, table, {.h = h, .w = w}));
            std::vector<double> drawn;
            for (const Draw& draw : kDraws) {
              drawn.push_back(draw.image);
              drawn.push_back(static_cast<uint32_t>(draw.down));
              drawn.push_back(static_cast<uint32_t>(draw.right));
              drawn.push_back(draw.is_mirrored ? 1 : 0);
            }
            std::vector<double> bytes;
            for (uint32_t i = 0; i < words; ++i) bytes.push_back(static_cast<uint32_t>((i + 1) * 2654435761u));
            return CaseGraph{.inputs = {{pixels, given(bytes), false},
                                        {placements, given(drawn), false},
                                        {table, distinct(-2, 2), false}},
                             .outputs = {y}};
          },
          .check_gradient = false,
          .outputs_are_exact = true};
}

}  // namespace

std::vector<OpCase> place_images_cases() {
  return {hand_case(), drawn_case(1, 1, 1), drawn_case(5, 7, 1), drawn_case(4, 3, 3), drawn_case(9, 8, 3)};
}

}  // namespace lowtide::cases
