// SPDX-License-Identifier: Apache-2.0
// ceiling.  nothing: what a dispatch costs that has no work
// y u32 [1]
// one invocation, which reads only if there are more iterations than any caller asks for: dispatches do not conflict
// needs: nothing
// reads y, writes nothing; accumulate: no
// reference: tools/bench/ceilings.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "ceiling.params.h"

WORKGROUP_WIDTH(32)
BUFFER_READ(0, uint, y)
PUSH_CONSTANTS(CeilingParams, p)

void main() {
  uint read = p.start;
  if (p.iterations == 0xffffffffu) read = y[0];
}
