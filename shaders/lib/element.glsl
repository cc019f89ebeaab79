// SPDX-License-Identifier: Apache-2.0
// element_t: what one item of an element-wise or per-channel kernel is, a float or (DEFINES LOWTIDE_VEC4) four adjacent
// ones; word_t: the same of 32-bit words. Twin of engine/ops/grid.hpp. Comparisons that work on both, to be used with mix(if_false, if_true, comparison).
#ifndef LOWTIDE_ELEMENT_GLSL
#define LOWTIDE_ELEMENT_GLSL

#ifdef LOWTIDE_VEC4
#define element_t vec4
#define word_t uvec4
#else
#define element_t float
#define word_t uint
#endif

bool is_greater(float a, float b) { return a > b; }
bvec4 is_greater(vec4 a, vec4 b) { return greaterThan(a, b); }
bool is_at_least(float a, float b) { return a >= b; }
bvec4 is_at_least(vec4 a, vec4 b) { return greaterThanEqual(a, b); }

// The items of this invocation: i, i + stride, ... below count; none for invocations from stride on.
#define FOR_ITEMS(i, count, stride) \
  for (uint i = linear_invocation() < stride ? linear_invocation() : count; i < count; i += stride)

#endif
