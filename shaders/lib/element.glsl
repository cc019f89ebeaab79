// SPDX-License-Identifier: Apache-2.0
// element_t: what one item of an element-wise or per-channel kernel is, a float or (DEFINES LOWTIDE_VEC4) four adjacent
// ones; word_t: the same of 32-bit words. Twin of engine/ops/grid.hpp. Comparisons that work on both, to be used with mix(if_false, if_true, comparison).
#ifndef LOWTIDE_ELEMENT_GLSL
#define LOWTIDE_ELEMENT_GLSL

#include "lib/ints.glsl"

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

// For sums: the items i, i + stride, ... below count; none for invocations from stride on.
#define FOR_ITEMS(i, count, stride) \
  for (uint i = linear_invocation() < stride ? linear_invocation() : count; i < count; i += stride)

// For sums of slices, one workgroup each (lib/reduce.glsl): the items of slice `slice`, of `length` items, below count,
// that are this invocation's. None in a slice beyond the last one.
#define FOR_SLICE_ITEMS(i, slice, length, count)                                                  \
  const uint end_of_##i = slice < ceil_div(count, length) ? min(count, ((slice) + 1u) * (length)) : 0u; \
  for (uint i = (slice) * (length) + gl_LocalInvocationID.x; i < end_of_##i; i += workgroup_width())

// The components of an item, added in a fixed order.
float components_sum(float a) { return a; }
float components_sum(vec4 a) { return (a.x + a.y) + (a.z + a.w); }
float components_max(float a) { return a; }
float components_max(vec4 a) { return max(max(a.x, a.y), max(a.z, a.w)); }

// For element-wise work: the items are cut into as many tiles as there are runs of `stride` invocations. An invocation
// takes every stride-th item of its tile, so that a workgroup stays in one piece of memory, which caches and
// translation buffers like better than steps across the whole tensor. A tile is a whole number of strides.
uint tile_items(uint count, uint stride) {
  const uint tiles = gl_NumWorkGroups.x * gl_NumWorkGroups.y * workgroup_width() / stride;
  return ceil_div(count, tiles * stride) * stride;
}
#define FOR_TILE_ITEMS(i, count, stride)                                                                       \
  const uint tile_of_##i = linear_invocation() / stride * tile_items(count, stride);                           \
  const uint end_of_##i = min(count, tile_of_##i + tile_items(count, stride));                                 \
  for (uint i = tile_of_##i + linear_invocation() % stride; i < end_of_##i; i += stride)

#endif
