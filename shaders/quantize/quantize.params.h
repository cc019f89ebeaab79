// SPDX-License-Identifier: Apache-2.0
// Push constants of the quantisers.
#ifndef LOWTIDE_QUANTIZE_PARAMS_H
#define LOWTIDE_QUANTIZE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// Element-wise kernels of activations and weights.
struct QuantizeParams {
  uint count;       // elements
  uint bits;        // 1 .. 8
  uint is_rounded;  // 0: the surrogate, levels before rounding
};

// Element-wise sign kernels.
struct QuantizeSignParams {
  uint count;       // elements
  uint row_length;  // elements that share one scale
  float window;     // gradient where |x| <= window
  uint is_rounded;  // 0: the surrogate (forward only)
  uint rule;        // ops::SignRule
};

// Reductions: rows of row_length elements, each cut into chunks; one workgroup reduces one chunk.
struct QuantizeReduceParams {
  uint row_length;    // elements of a row
  uint chunk_length;  // elements of a chunk; the last one of a row may be shorter
  uint chunks;        // of a row
  uint is_max;        // maximum instead of sum
  float factor;       // multiplies the result
};

// Gradient of a magnitude.
struct QuantizeMagnitudeGradientParams {
  uint count;       // elements
  uint row_length;  // elements that share one result
  uint is_max;      // gradient goes to the elements that attain the maximum, else to all
};

// The gradient of the maximum: sum over elements of dlevels * tanh(w).
struct QuantizeMaximumGradientParams {
  uint count;         // elements; or partial sums, in the second stage
  uint chunk_length;  // elements of one workgroup
  uint bits;          // 2 .. 8
};

LOWTIDE_SHADERS_END
#endif
