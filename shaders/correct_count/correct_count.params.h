// SPDX-License-Identifier: Apache-2.0
// Push constants of the correct_count kernel.
#ifndef LOWTIDE_CORRECT_COUNT_PARAMS_H
#define LOWTIDE_CORRECT_COUNT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct CorrectCountParams {
  uint rows;     // n
  uint classes;  // c
};

LOWTIDE_SHADERS_END
#endif
