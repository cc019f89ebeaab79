// SPDX-License-Identifier: Apache-2.0
// Push constants of the finite_gate kernel.
#ifndef LOWTIDE_FINITE_GATE_PARAMS_H
#define LOWTIDE_FINITE_GATE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct FiniteGateParams {
  uint count;  // x and its conditions
};

LOWTIDE_SHADERS_END
#endif
