// SPDX-License-Identifier: Apache-2.0
// Convolutions of few channels per group, depthwise above all: the kernels of conv2d.cpp's tiling let lanes run over
// the channels of one group, where most would idle. Private to this folder.
#pragma once

#include "engine/ops/conv2d/geometry.hpp"

namespace lowtide::ops {

// Whether the kernels whose lanes run over the channels of all groups serve it better, forward, towards the input and
// towards the weights. They hold all taps of a channel in registers.
bool fits_grouped_forward(const Conv2dGeometry& g, const DeviceCaps& caps);
bool fits_grouped_backward_input(const Conv2dGeometry& g, const DeviceCaps& caps);
bool fits_grouped_backward_weight(const Conv2dGeometry& g, const DeviceCaps& caps);

void lower_grouped_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                           DispatchList& out);
void lower_grouped_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                  DispatchList& out);
void lower_grouped_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                   DispatchList& out);

// Depthwise without multiplier, four channels at a time, in plain loops: for drivers that do not unroll.
bool fits_depthwise(const Conv2dGeometry& g, const DeviceCaps& caps);

void lower_depthwise_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                             DispatchList& out);
void lower_depthwise_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                    DispatchList& out);
void lower_depthwise_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                     DispatchList& out);

}  // namespace lowtide::ops
