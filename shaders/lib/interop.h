// SPDX-License-Identifier: Apache-2.0
// Lets <op>.params.h compile as C++ and as GLSL. Members of shared structs are uint, int and float only: then both
// languages lay them out alike, and the generated code asserts it. At most 128 bytes for push constants.
#ifndef LOWTIDE_INTEROP_H
#define LOWTIDE_INTEROP_H

#ifdef __cplusplus
#include <cstdint>

namespace lowtide::shaders {
using uint = uint32_t;
}
#define LOWTIDE_SHADERS_BEGIN namespace lowtide::shaders {
#define LOWTIDE_SHADERS_END }
#else
#define LOWTIDE_SHADERS_BEGIN
#define LOWTIDE_SHADERS_END
#endif

#endif
