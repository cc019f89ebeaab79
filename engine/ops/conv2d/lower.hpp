// SPDX-License-Identifier: Apache-2.0
// Lowering of the convolution ops. The functions that take a geometry serve other ops whose arithmetic is a convolution
// (linear) too.
#pragma once

#include "engine/ops/conv2d/geometry.hpp"
#include "engine/ops/conv2d/tiling.hpp"

namespace lowtide::ops {

Result<void> lower_conv2d(const graph::Node& node, const graph::Graph& graph, const graph::LowerTarget& target,
                          DispatchList& out);
Result<void> lower_conv2d_affine(const graph::Node& node, const graph::Graph& graph, const graph::LowerTarget& target,
                                 DispatchList& out);
Result<void> lower_conv2d_backward_input(const graph::Node& node, const graph::Graph& graph,
                                         const graph::LowerTarget& target, DispatchList& out);
Result<void> lower_conv2d_backward_weight(const graph::Node& node, const graph::Graph& graph,
                                          const graph::LowerTarget& target, DispatchList& out);

// Whether the tuned kernels are worth it on this device (tiling.hpp, unrolls_loops). Small work takes them everywhere,
// so that every driver tests them.
bool tuned_pays(const Conv2dGeometry& g, const DeviceCaps& caps);

// w in the order of backward_input by lanes of input channels, [groups,tap,group_c,group_k], in scratch memory.
ValueId add_transposed_weight(const Conv2dGeometry& g, ValueId w, DispatchList& out);
WeightWork weight_work(const Conv2dGeometry& g);
inline int32_t negative(uint32_t value) {
  return -static_cast<int32_t>(value);
}

// Where the first dispatch of a backward_weight of `slices` writes, and what it multiplies by: one slice is dw itself,
// several are partial sums in scratch memory, which add_slice_sum reads, or which the kernel itself adds
// (shaders/conv2d/slices.glsl).
struct SliceTarget {
  ValueId dw;
  float scale;
  bool sums_slices = false;
  ValueId partials = {}, counters = {};  // dw where the kernel does not use them
};
SliceTarget slice_target(const Conv2dGeometry& g, ValueId dw, uint32_t slices, DispatchList& out);
// Of kernels that can add the slices: `tiles` workgroups to a slice, each lane with `sums` elements of dw.
SliceTarget summing_target(const Conv2dGeometry& g, ValueId dw, uint32_t slices, uint64_t tiles, uint64_t sums,
                           const DeviceCaps& caps, DispatchList& out);
// The second dispatch of backward_weight: dw from the partial sums of its slices, which hold output_scale out. None
// where there is one slice, which is dw.
void add_slice_sum(const Conv2dGeometry& g, ValueId partial, ValueId dw, uint32_t slices, DispatchList& out);

// What conv2d_affine does beyond conv2d.
struct Epilogue {
  ValueId multiplier, offset;
  float lo, hi;
  ValueId table = {};  // valid: x is pixels, whose values these are
};

// The naive kernels.
void lower_naive_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                         DispatchList& out);
void lower_naive_affine(const Conv2dGeometry& g, ValueId x, ValueId w, const Epilogue& e, ValueId y,
                        const DeviceCaps& caps, DispatchList& out);
void lower_naive_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                DispatchList& out);
void lower_naive_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                 DispatchList& out);

// The tuned kernels, which take every geometry.
void lower_tuned_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                         DispatchList& out);
void lower_tuned_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                DispatchList& out);
void lower_tuned_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                 DispatchList& out);

}  // namespace lowtide::ops
