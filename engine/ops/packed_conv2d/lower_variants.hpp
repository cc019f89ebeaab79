// SPDX-License-Identifier: Apache-2.0
// Kernels of packed layers for devices with more than the floor, each a variant with a name that tuning may choose. All
// give the integers of the others. They want whole words: input channels per group a multiple of 32, and output
// channels per group one too where there are groups; outputs other than tap_scaled.
//   dot, dot_64   levels of 8 bits in shared memory, integer dot products; tiles of 32 or 64 pixels
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

// Push constants of the kernels.
shaders::PackedConv2dParams packed_params(const PackedLayer& layer);

}  // namespace lowtide::ops
