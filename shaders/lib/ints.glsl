// SPDX-License-Identifier: Apache-2.0
// Integers and the position of an invocation; twin of engine/base/ints.hpp and of groups_for() in
// engine/kernel/dispatch.hpp.
#ifndef LOWTIDE_INTS_GLSL
#define LOWTIDE_INTS_GLSL

uint ceil_div(uint a, uint b) { return (a + b - 1u) / b; }  // a + b must not overflow
uint round_up(uint a, uint multiple) { return ceil_div(a, multiple) * multiple; }

uint workgroup_width();  // defined by WORKGROUP_WIDTH of buffer.glsl

// Number of this workgroup where groups_for() may have folded x into y. May reach beyond the last one that has work.
uint linear_group() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }

// Number of this invocation over the whole dispatch. Compare it with the count of items before use.
uint linear_invocation() { return linear_group() * workgroup_width() + gl_LocalInvocationID.x; }

#endif
