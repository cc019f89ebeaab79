// SPDX-License-Identifier: Apache-2.0
// Push constants of the batch_norm kernels.
#ifndef LOWTIDE_BATCH_NORM_PARAMS_H
#define LOWTIDE_BATCH_NORM_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// Of kernels that visit every element.
struct BatchNormParams {
  uint count;          // items of x (engine/ops/grid.hpp)
  uint channels;       // items of a row
  uint stride;         // from one item of an invocation to its next; a multiple of channels
  float inverse_rows;  // 1 / rows
};

// Of kernels that work per channel.
struct BatchNormStatisticsParams {
  uint rows;
  uint channels;  // items of a row
  uint blocks;    // block i holds the rows i, i + blocks, ...
  float epsilon;  // added to the variance before its root
};

// Of batch_norm_activation; what is decided when the pipeline is made is spec constants.
struct BatchNormActivationParams {
  uint count;          // items of four elements
  uint channels;       // items of a row
  uint stride;         // as of BatchNormParams
  float inverse_rows;  // 1 / rows
  float lo, hi;        // of the clip
  float max_level;     // of unsigned levels
  float window;        // of signs
};

struct BatchNormRunningParams {
  uint channels;
  uint has_finite;  // the step counts where `finite` is
  float momentum;   // running = (1 - momentum) * running + momentum * batch
};

struct BatchNormFoldParams {
  uint channels;
  float epsilon;
  float input_scale;  // static factor of the input
};

LOWTIDE_SHADERS_END
#endif
