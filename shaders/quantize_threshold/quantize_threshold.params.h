// SPDX-License-Identifier: Apache-2.0
// Push constants of the threshold quantisers.
#ifndef LOWTIDE_QUANTIZE_THRESHOLD_PARAMS_H
#define LOWTIDE_QUANTIZE_THRESHOLD_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// Element-wise kernels.
struct QuantizeThresholdParams {
  uint count;          // items (engine/ops/grid.hpp)
  uint stride;         // from one item of an invocation to its next
  uint bits;           // 2 .. 4; read by the naive kernels, a spec constant of the tuned ones
  uint is_rounded;     // 0: the surrogate (forward only)
  uint has_scale;      // the gradient is that of level * scale, else that of level * step in the window
  float window;
  float inverse_step;  // 1 / step
};

// Thresholds from their parameters.
struct QuantizeThresholdValuesParams {
  uint count;     // 1, 3 or 7
  uint has_base;  // base multiplies the parameters
  float t1, t2, t3, t4, t5, t6, t7;
};

struct QuantizeThresholdMaximumParams {
  uint count;  // 1
};

// The mean magnitude beyond the threshold: chunks of elements, then the chunks' results.
struct QuantizeThresholdScaleParams {
  uint count;         // elements; or chunks, in the second stage
  uint chunk_length;  // elements of one workgroup
};

LOWTIDE_SHADERS_END
#endif
