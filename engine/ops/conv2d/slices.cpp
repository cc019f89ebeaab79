// SPDX-License-Identifier: Apache-2.0
// What stands around the kernels of conv2d: slices of backward_weight and how they are added, weights transposed.
#include "engine/ops/conv2d/lower.hpp"
#include "gen/kernels/conv2d.hpp"
#include "shaders/conv2d/conv2d.params.h"

namespace lowtide::ops {

SliceTarget slice_target(const Conv2dGeometry& g, ValueId dw, uint32_t slices, DispatchList& out) {
  if (slices == 1) return {.dw = dw, .scale = g.params.output_scale};
  return {.dw = out.scratch(g.w_count() * slices * 4), .scale = 1.0f};
}

// On a GPU the last workgroup of a tile keeps the step waiting where it has much to add, and a dispatch of all elements
// at once is sooner done: a load that nothing hides is some 0.5 us, a dispatch a few of them. Not yet tuned.
SliceTarget summing_target(const Conv2dGeometry& g, ValueId dw, uint32_t slices, uint64_t tiles, uint64_t sums,
                           const DeviceCaps& caps, DispatchList& out) {
  constexpr uint64_t kMostLoads = 64;
  SliceTarget target = {.dw = dw, .scale = g.params.output_scale, .partials = dw, .counters = dw};
  if (slices > 1 && (caps.is_software() || slices * sums <= kMostLoads)) {
    target.sums_slices = true;
    target.partials = out.scratch(g.w_count() * slices * 4);
    target.counters = out.counters(narrow<uint32_t>(tiles));
  } else if (slices > 1) {
    target = slice_target(g, dw, slices, out);
    target.partials = target.counters = target.dw;
  }
  return target;
}

void add_slice_sum(const Conv2dGeometry& g, ValueId partial, ValueId dw, uint32_t slices, DispatchList& out) {
  if (slices == 1) return;
  const kernels::conv2d_backward_weight_sum sum{.partial = partial, .dw = dw};
  out.add(sum, shaders::Conv2dSumParams{narrow<uint32_t>(g.w_count()), slices, g.params.output_scale},
          groups_for(g.w_count(), sum.local_size));
}

ValueId add_transposed_weight(const Conv2dGeometry& g, ValueId w, DispatchList& out) {
  const ValueId transposed = out.scratch(g.w_count() * 4);
  const kernels::conv2d_forward_transpose kernel{.w = w, .wt = transposed};
  out.add(
      kernel,
      shaders::Conv2dTransposeParams{
          .group_c = g.group_c(), .group_k = g.group_k(), .taps = g.r * g.s, .count = narrow<uint32_t>(g.w_count())},
      groups_for(g.w_count(), kernel.local_size));
  return transposed;
}

}  // namespace lowtide::ops
