// SPDX-License-Identifier: Apache-2.0
// One norm among those whose running values are updated together: where its values lie, in elements. Shared by C++ and
// GLSL.
#ifndef LOWTIDE_RUNNING_NORM_H
#define LOWTIDE_RUNNING_NORM_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct RunningNorm {
  uint channels;
  uint mean;              // in the joined statistics of the batch
  uint variance;          // likewise
  uint running_mean;      // in the state arena
  uint running_variance;  // likewise
};
LOWTIDE_SHADERS_END

#endif
