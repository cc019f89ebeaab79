// SPDX-License-Identifier: Apache-2.0
// Cases of tap_conv2d: levels, so that every tap's sum is an integer and every bit of the output is defined.
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

struct Row {
  const char* name;
  Shape x, w;
  ops::Conv2dParams params;
};

Result<CaseGraph> build(graph::Graph& g, const Row& row) {
  const ValueId x = g.input("x", f32_desc(row.x)), w = g.input("w", f32_desc(row.w));
  const ValueId scale = g.input("scale", f32_desc({row.w[1] * row.w[2]}));
  LOWTIDE_TRY(const ValueId y, ops::tap_conv2d(g, "conv", x, w, scale, row.params));
  return CaseGraph{
      .inputs = {{x, integers(0, 3), false}, {w, integers(-1, 1, 2), false}, {scale, uniform(0.1, 1), false}},
      .outputs = {y}};
}

}  // namespace

std::vector<OpCase> tap_conv2d_cases() {
  const Row rows[] = {
      {"3x3", {2, 5, 7, 36}, {35, 3, 3, 36}, {.pad_h = 1, .pad_w = 1, .output_scale = 0.37f}},
      {"odd_channels", {2, 5, 7, 13}, {11, 3, 3, 13}, {.pad_h = 1, .pad_w = 1}},
      {"stride", {1, 9, 8, 8}, {9, 3, 2, 8}, {.stride_h = 2, .stride_w = 3, .pad_h = 2, .pad_w = 1}},
      {"dilation", {2, 9, 11, 4}, {5, 3, 3, 4}, {.pad_h = 2, .pad_w = 3, .dilation_h = 2, .dilation_w = 3}},
      {"groups", {2, 5, 3, 24}, {64, 3, 3, 12}, {.pad_h = 1, .pad_w = 1, .groups = 2}},
      {"small_groups", {2, 5, 3, 24}, {6, 3, 3, 8}, {.pad_h = 1, .pad_w = 1, .groups = 3}},
      {"point", {3, 3, 5, 20}, {10, 1, 1, 20}, {}},
      {"one", {1, 2, 3, 1}, {1, 2, 2, 1}, {}},
  };
  std::vector<OpCase> cases;
  for (const Row& row : rows) {
    cases.push_back({.name = fmt::format("tap_conv2d/{}", row.name),
                     .build = [row](graph::Graph& g) { return build(g, row); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
