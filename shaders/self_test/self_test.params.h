// SPDX-License-Identifier: Apache-2.0
// Push constants of the self-test kernels.
#ifndef LOWTIDE_SELF_TEST_PARAMS_H
#define LOWTIDE_SELF_TEST_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct SelfTestParams {
  uint count;  // items; invocations past them do nothing
};
LOWTIDE_SHADERS_END

#endif
