// SPDX-License-Identifier: Apache-2.0
// Sums of losses.
#include "engine/ops/sum.hpp"

#include "gen/kernels/sum.hpp"
#include "shaders/sum/sum.params.h"

namespace lowtide::ops {

Slices slices_of(uint64_t elements) {
  constexpr uint32_t kElementsEach = 4096;
  Slices slices;
  slices.is_vec4 = elements % 4 == 0;
  slices.items = narrow<uint32_t>(slices.is_vec4 ? elements / 4 : elements);
  slices.items_each = slices.is_vec4 ? kElementsEach / 4 : kElementsEach;
  slices.count = ceil_div(slices.items, slices.items_each);
  return slices;
}

void lower_sum(const graph::LowerTarget& target, ValueId x, uint32_t count, float factor, ValueId y,
               DispatchList& out) {
  const shaders::SumParams params = {.count = count, .factor = factor};
  if (target.naive_only) {
    out.add(kernels::sum_forward_naive{.x = x, .y = y}, params, Groups{});
  } else {
    out.add(kernels::sum_forward{.x = x, .y = y}, params, Groups{});
  }
}

}  // namespace lowtide::ops
