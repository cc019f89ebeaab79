// SPDX-License-Identifier: Apache-2.0
// Push constants of the softmax_cross_entropy kernels.
#ifndef LOWTIDE_SOFTMAX_CROSS_ENTROPY_PARAMS_H
#define LOWTIDE_SOFTMAX_CROSS_ENTROPY_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct SoftmaxCrossEntropyParams {
  uint rows;              // n
  uint classes;           // c
  float label_smoothing;  // s
};

struct SoftmaxCrossEntropyGradientParams {
  uint count;             // items of the logits (engine/ops/grid.hpp)
  uint stride;            // from one item of an invocation to its next
  uint rows;              // n
  uint classes;           // c
  float label_smoothing;  // s
};

LOWTIDE_SHADERS_END
#endif
