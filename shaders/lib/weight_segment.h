// SPDX-License-Identifier: Apache-2.0
// One tensor among those that a group kernel works on: where it lies and which workgroups are its. Shared by C++ and
// GLSL. Items are four elements.
#ifndef LOWTIDE_WEIGHT_SEGMENT_H
#define LOWTIDE_WEIGHT_SEGMENT_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct WeightSegment {
  uint first;        // item of the parameter arena, and of the gradient arena
  uint items;
  uint chunk;        // first workgroup; one to each chunk
  uint chunk_items;  // the last chunk may be shorter
  uint chunks;
  uint maximum;      // index of its maximum
};
LOWTIDE_SHADERS_END

#endif
