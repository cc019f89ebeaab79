// SPDX-License-Identifier: Apache-2.0
// Push constants of the channel_sum kernels.
#ifndef LOWTIDE_CHANNEL_SUM_PARAMS_H
#define LOWTIDE_CHANNEL_SUM_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct ChannelSumParams {
  uint count;     // items of x (engine/ops/grid.hpp)
  uint channels;  // items of a row
  uint stride;    // blocks * channels: block i sums the rows i, i + blocks, ...
};

LOWTIDE_SHADERS_END
#endif
