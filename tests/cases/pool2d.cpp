// SPDX-License-Identifier: Apache-2.0
// Cases of max_pool2d and average_pool2d: disjoint windows that do and do not cover the image, overlapping windows,
// strides beyond the kernel, padding, windows that are not square; ties for the maximum.
#include "engine/ops/pool2d/pool2d.hpp"

#include <fmt/format.h>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

struct Pooled {
  Shape x;
  ops::Pool2dOpParams params;
};

std::vector<Pooled> shapes() {
  return {
      {{1, 2, 2, 1}, ops::square_pool(2, 2)},
      {{2, 8, 6, 4}, ops::square_pool(2, 2)},
      {{2, 7, 9, 3}, ops::square_pool(2, 2)},
      {{3, 11, 8, 36}, ops::square_pool(3, 3)},
      {{2, 7, 9, 5}, ops::square_pool(3, 2, 1)},
      {{2, 11, 13, 8}, ops::square_pool(3, 2, 1)},
      {{1, 5, 7, 33}, ops::square_pool(3, 1, 1)},
      {{2, 9, 10, 4}, ops::square_pool(2, 3)},
      {{1, 1, 5, 64},
       {.kernel_h = 2, .kernel_w = 3, .stride_h = 1, .stride_w = 2, .pad_h = 1, .pad_w = 1, .count_includes_pad = 0}},
      {{2, 10, 7, 2}, {.kernel_h = 5, .kernel_w = 2, .stride_h = 3, .stride_w = 1, .pad_h = 2, .pad_w = 0}},
  };
}

std::string name_of(const char* op, const Pooled& pooled) {
  const ops::Pool2dOpParams& p = pooled.params;
  return fmt::format("{}/{}/kernel_{}x{}_stride_{}x{}_pad_{}x{}", op, to_string(pooled.x), p.kernel_h, p.kernel_w,
                     p.stride_h, p.stride_w, p.pad_h, p.pad_w);
}

OpCase max_case(const Pooled& pooled) {
  return {.name = name_of("max_pool2d", pooled), .build = [pooled](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId x = g.input("x", f32_desc(pooled.x));
            LOWTIDE_TRY(const ValueId y, ops::max_pool2d(g, "pool", x, pooled.params));
            return CaseGraph{.inputs = {{x, distinct(-4, 4)}}, .outputs = {y}};
          }};
}

// Few levels, so that most windows have several maxima.
OpCase max_ties_case(const Pooled& pooled) {
  return {.name = name_of("max_pool2d_backward_input/ties", pooled),
          .build = [pooled](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId x = g.input("x", f32_desc(pooled.x));
            LOWTIDE_TRY(const ValueId y, ops::max_pool2d(g, "pool", x, pooled.params));
            const ValueId dy = g.input("dy", g.desc(y));
            LOWTIDE_TRY(const ValueId dx, append_one(g, ops::kMaxPool2dBackwardOp, "backward", pooled.params, {x, dy}));
            return CaseGraph{.inputs = {{x, integers(0, 2), false}, {dy, integers(-8, 8), false}}, .outputs = {y, dx}};
          },
          .check_gradient = false,
          .outputs_are_exact = true};
}

OpCase average_case(const Pooled& pooled, uint32_t count_includes_pad) {
  Pooled with = pooled;
  with.params.count_includes_pad = count_includes_pad;
  return {.name = name_of("average_pool2d", pooled) + (count_includes_pad != 0 ? "_counted" : ""),
          .build = [with](graph::Graph& g) -> Result<CaseGraph> {
            const ValueId x = g.input("x", f32_desc(with.x));
            LOWTIDE_TRY(const ValueId y, ops::average_pool2d(g, "pool", x, with.params));
            return CaseGraph{.inputs = {{x}}, .outputs = {y}};
          }};
}

}  // namespace

std::vector<OpCase> pool2d_cases() {
  std::vector<OpCase> cases;
  for (const Pooled& pooled : shapes()) {
    cases.push_back(max_case(pooled));
    cases.push_back(max_ties_case(pooled));
    cases.push_back(average_case(pooled, 0));
    if (pooled.params.pad_h + pooled.params.pad_w > 0) cases.push_back(average_case(pooled, 1));
  }
  return cases;
}

}  // namespace lowtide::cases
