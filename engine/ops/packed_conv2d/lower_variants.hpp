// SPDX-License-Identifier: Apache-2.0
// Kernels of packed layers for devices with more than the floor, each a variant with a name that tuning may choose. All
// give the integers of the others. They want whole words: input channels per group a multiple of 32, and output
// channels per group one too where there are groups; outputs other than tap_scaled.
//   dot, dot_64   levels of 8 bits in shared memory, integer dot products; tiles of 32 or 64 pixels
//   matrix        levels of 8 bits in shared memory, cooperative matrices (lower_matrix.hpp); the rules take it on GPUs
//                 where it is faster, never on software drivers, which emulate matrices
//   ballot        an invocation per output channel, words of y by ballot; signs or unsigned levels, odd weights
#pragma once

#include "engine/ops/packed_conv2d/packed_kernel.hpp"
#include "shaders/packed_conv2d/packed_conv2d.params.h"

namespace lowtide::ops {

// Whether one of them was lowered: because tuning wants it, or by rule. Where the target only asks, those that the
// rules take stand first.
bool lower_variant(const graph::Node& node, const PackedLayer& layer, const graph::LowerTarget& target,
                   DispatchList& out);

// Where the target only asks: those that fit and that the rules do not take, behind all others.
void offer_variants(const PackedLayer& layer, const graph::LowerTarget& target);

// What all of them want.
bool has_whole_words(const PackedLayer& layer);

// Push constants of the kernels; their spec constant `kinds`: 3 * kind of w + kind of x.
shaders::PackedConv2dParams packed_params(const PackedLayer& layer);
uint32_t packed_kinds(const PackedLayer& layer);

// A kernel with its bindings: x, w and what stands behind them, by the output, which is not tap_scaled.
template <class Kernel>
Kernel with_bindings(const graph::Node& node, const PackedLayer& layer) {
  Kernel kernel;
  kernel.x = node.in(0);
  kernel.w = node.in(1);
  kernel.y = node.out();
  if constexpr (requires { kernel.thresholds; }) {
    kernel.thresholds = node.in(2);
  } else {
    // Without an affine step its bindings get w, which the kernel then does not read through them.
    const bool has_affine = layer.params.output == PackedOutput::affine;
    kernel.multiplier = node.in(has_affine ? 2 : 1);
    kernel.offset = node.in(has_affine ? 3 : 1);
  }
  return kernel;
}

}  // namespace lowtide::ops
