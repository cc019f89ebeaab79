// SPDX-License-Identifier: Apache-2.0
// How the tuned conv2d kernels cut their work: pure functions of extents and device. Correctness never depends on them,
// only speed; the constraints that kernels do have are stated at each field.
#pragma once

#include <cstdint>

#include "engine/kernel/caps.hpp"

namespace lowtide::ops {

// Whether the driver unrolls the loops of the tuned kernels, which their speed hangs on. llvmpipe and GPU drivers do;
// SwiftShader does not, and runs the naive kernels three times as fast.
bool unrolls_loops(const DeviceCaps& caps);

// For shaders/conv2d/tile.glsl.
struct GatherTile {
  uint32_t lanes = 1;    // workgroup width, along destination channels
  uint32_t images = 1;   // pixels whose sums one lane holds: images x columns of one row
  uint32_t columns = 1;  // a multiple of the column granule, or at least the whole width
  uint32_t step = 1;     // source channels per turn; divides the channels that are summed over
};

struct GatherWork {
  uint32_t images;
  uint32_t height, width;  // destination pixels
  uint32_t granule;        // the stride for backward_input, else 1
  uint32_t groups;
  uint32_t group_lanes;    // destination channels per group
  uint32_t group_reduced;  // source channels per group
  uint32_t taps;           // kernel width
};

// `sums`: that a lane is to hold, about; 0: as many as keep the device busy.
GatherTile choose_gather_tile(const GatherWork& work, const DeviceCaps& caps, uint32_t sums = 0);

// For shaders/conv2d/backward_weight.comp.
struct WeightTile {
  uint32_t lanes = 1;    // workgroup width, along input channels
  uint32_t out = 1;      // output channels that one lane holds sums for
  uint32_t columns = 1;  // columns of x per turn; a multiple of the stride, or at least the whole width
  uint32_t slices = 1;   // parts that the pixels are cut into and summed in a second dispatch
};

struct WeightWork {
  uint32_t images;
  uint32_t x_height, x_width, dy_height, dy_width;
  uint32_t stride;  // along the width
  uint32_t groups, group_c, group_k;
  uint32_t kernel_height, kernel_width;
};

WeightTile choose_weight_tile(const WeightWork& work, const DeviceCaps& caps);

// For shaders/conv2d/backward_weight_narrow.comp, which serves so few input channels that lanes along them would idle.
struct NarrowTile {
  uint32_t lanes = 1;    // workgroup width, along output channels
  uint32_t rows = 1;     // kernel rows that one lane holds sums for
  uint32_t columns = 1;  // columns of dy per turn
  uint32_t slices = 1;
};

bool fits_narrow_tile(const WeightWork& work);
NarrowTile choose_narrow_tile(const WeightWork& work, const DeviceCaps& caps);

// For shaders/conv2d/grouped.glsl, where a lane computes rows x columns pixels of one channel.
struct GroupedTile {
  uint32_t rows = 1;     // a multiple of the granule, or at least the whole height
  uint32_t columns = 1;  // likewise
};

struct GroupedWork {
  uint32_t height, width;                // destination pixels
  uint32_t row_granule, column_granule;  // the strides for backward_input, else 1
  uint32_t taps;                         // of the kernel, all rows
};

GroupedTile choose_grouped_tile(const GroupedWork& work, const DeviceCaps& caps);

// For shaders/conv2d/backward_weight_grouped.comp, where a lane sums all taps of one pair of channels.
struct GroupedWeightTile {
  uint32_t columns = 1;  // columns of dy per turn
  uint32_t slices = 1;
};

GroupedWeightTile choose_grouped_weight_tile(const WeightWork& work, const DeviceCaps& caps);

// For shaders/conv2d/backward_weight_depthwise.comp: slices of the rows of dy.
uint32_t choose_depthwise_slices(const WeightWork& work, const DeviceCaps& caps);

}  // namespace lowtide::ops
