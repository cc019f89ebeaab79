// SPDX-License-Identifier: Apache-2.0
// Sum and maximum over a workgroup, given to all of its invocations. The tree is fixed by the width alone, so results are
// the same on every run and for every subgroup size. Every invocation of the workgroup must call, in uniform control flow.
// Radix 8 rather than 2: three levels up to width 512, because a barrier costs 1.6 us on SwiftShader.
// LOWTIDE_REDUCE_SUBGROUP (needs FEATURES subgroup_arithmetic) sums within subgroups first, in the driver's order.
#ifndef LOWTIDE_REDUCE_GLSL
#define LOWTIDE_REDUCE_GLSL

#ifdef LOWTIDE_REDUCE_SUBGROUP
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif

// Widest workgroup that may call; define it before the include to have more. 8 bytes of shared memory each.
#ifndef LOWTIDE_REDUCE_MAX_WIDTH
#define LOWTIDE_REDUCE_MAX_WIDTH 256
#endif

uint workgroup_width();  // defined by WORKGROUP_WIDTH of buffer.glsl

const uint kReduceRadix = 8u;
shared vec2 reduce_scratch[LOWTIDE_REDUCE_MAX_WIDTH];

// Puts one partial result per entry into reduce_scratch; `count` of them.
#ifdef LOWTIDE_REDUCE_SUBGROUP
#define LOWTIDE_REDUCE_FIRST(subgroup_combine, value)                    \
  const vec2 partial = subgroup_combine(value);                          \
  if (subgroupElect()) reduce_scratch[gl_SubgroupID] = partial;          \
  uint count = gl_NumSubgroups;
#else
#define LOWTIDE_REDUCE_FIRST(subgroup_combine, value)                    \
  reduce_scratch[lane] = value;                                          \
  uint count = workgroup_width();
#endif

// Invocation i < next owns the entries i, i + next, i + 2 next, ... of the first `count`: it alone reads and writes them,
// so one barrier a level is enough. The first barrier is there because an earlier result may still be read.
#define LOWTIDE_REDUCE(function, combine, subgroup_combine)              \
  vec2 function(vec2 value) {                                            \
    const uint lane = gl_LocalInvocationID.x;                            \
    barrier();                                                           \
    LOWTIDE_REDUCE_FIRST(subgroup_combine, value)                        \
    barrier();                                                           \
    while (count > 1u) {                                                 \
      const uint next = (count + kReduceRadix - 1u) / kReduceRadix;      \
      if (lane < next) {                                                 \
        vec2 total = reduce_scratch[lane];                               \
        for (uint k = lane + next; k < count; k += next) total = combine(total, reduce_scratch[k]); \
        reduce_scratch[lane] = total;                                    \
      }                                                                  \
      barrier();                                                         \
      count = next;                                                      \
    }                                                                    \
    return reduce_scratch[0];                                            \
  }                                                                      \
  float function(float value) { return function(vec2(value)).x; }

vec2 reduce_add(vec2 a, vec2 b) { return a + b; }

// float workgroup_sum(float), and vec2 for two sums at the price of one; the same for workgroup_max.
LOWTIDE_REDUCE(workgroup_sum, reduce_add, subgroupAdd)
LOWTIDE_REDUCE(workgroup_max, max, subgroupMax)

#endif
