// SPDX-License-Identifier: Apache-2.0
// Push constants of the quantisers. Items are those of engine/ops/grid.hpp: one element, or four.
#ifndef LOWTIDE_QUANTIZE_PARAMS_H
#define LOWTIDE_QUANTIZE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// Element-wise kernels of activations and weights.
struct QuantizeParams {
  uint count;       // items
  uint stride;      // from one item of an invocation to its next
  uint bits;        // 1 .. 8, or 16
  uint is_rounded;  // 0: the surrogate, levels before rounding
};

// Element-wise sign kernels.
struct QuantizeSignParams {
  uint count;       // items
  uint stride;      // from one item of an invocation to its next
  uint row_items;   // items that share one scale
  uint row_length;  // elements that share one scale
  float window;     // gradient where |x| <= window
  uint is_rounded;  // 0: the surrogate (forward only)
  uint rule;        // ops::SignRule
};

// Reductions: rows of row_items items, each cut into chunks; one workgroup reduces one chunk.
struct QuantizeReduceParams {
  uint rows;
  uint row_items;    // items of a row
  uint chunk_items;  // items of a chunk; the last one of a row may be shorter
  uint chunks;       // of a row
  uint is_max;       // maximum instead of sum
  float factor;      // multiplies the result
};

// Gradient of a magnitude.
struct QuantizeMagnitudeGradientParams {
  uint count;      // items
  uint stride;     // from one item of an invocation to its next
  uint row_items;  // items that share one result
  float share;     // mean: 1 / elements that share one result
  uint is_max;     // gradient goes to the elements that attain the maximum, else to all
};

// Gradient of weights through the maximum: chunks of the sums that it takes.
struct QuantizeWeightsSumsParams {
  uint count;        // items
  uint chunk_items;  // items of one workgroup
};

// Gradient of weights.
struct QuantizeWeightsGradientParams {
  uint count;   // items
  uint stride;  // from one item of an invocation to its next
  uint bits;    // 2 .. 8, or 16
  uint chunks;  // of the sums; 0 where the maximum is a constant
};

// Weights of many tensors at once (shaders/lib/weight_segment.h).
struct QuantizeGroupParams {
  uint segments;  // tensors
  uint bits;      // 2 .. 8, or 16
  uint has_sums;  // 0 where maxima are constants; backward alone
  uint first;     // element of the arenas; naive alone
};

LOWTIDE_SHADERS_END
#endif
