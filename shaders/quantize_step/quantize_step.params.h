// SPDX-License-Identifier: Apache-2.0
// Push constants of the quantisers with a learned step.
#ifndef LOWTIDE_QUANTIZE_STEP_PARAMS_H
#define LOWTIDE_QUANTIZE_STEP_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct QuantizeStepParams {
  uint count;            // items: elements, or fours of them; partial sums in the finishing kernel
  uint stride;           // forward: from one item of an invocation to its next; partials: items of a workgroup
  uint levels;           // ops::StepLevels
  uint bits;             // 1 .. 8
  uint rule;             // ops::StepRule
  uint is_rounded;       // 0: the surrogate (forward only)
  float gradient_scale;  // multiplies dstep
};

struct QuantizeStepBoundParams {
  float factor;   // step = factor max(parameter, minimum)
  float minimum;  // above 0
};

LOWTIDE_SHADERS_END
#endif
