// SPDX-License-Identifier: Apache-2.0
// sgd update, naive.  m = momentum m + g;  w = clip(w - rate (nesterov ? g + momentum m : m));  g = scale dw + decay w
// dw, w, m [arena]  attributes [arena / 256]  gradient_scale []
// one invocation = one element; a gradient_scale that is not finite leaves everything as it is
// needs: nothing
// reads dw step_block attributes gradient_scale, updates w m; accumulate: no
// reference: engine/reference/sgd.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/block_attributes.h"
#include "shaders/lib/step_block.h"
#include "sgd.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SgdParams, p)
BUFFER_READ(0, float, dw)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, BlockAttributes, attributes)
BUFFER_READ(3, float, gradient_scale)
BUFFER_READ_WRITE(4, float, w)
BUFFER_READ_WRITE(5, float, m)

void main() {
  const uint offset = linear_invocation();
  if (offset >= p.count) return;
  const float scale = p.has_scale != 0u ? gradient_scale[0] : 1.0 / step_block[0].loss_scale;
  if (isnan(scale) || isinf(scale)) return;
  const uint i = p.first + offset;
  const uint block = i / 256u;
  const float old = w[i];
  const float g = scale * dw[i] + attributes[block].weight_decay * old;
  const float moment = p.momentum * m[i] + g;
  const float direction = p.nesterov != 0u ? g + p.momentum * moment : moment;
  const float rate = attributes[block].is_second > 0.5 ? step_block[0].second_rate : step_block[0].learning_rate;
  float updated = old - rate * attributes[block].rate_scale * direction;
  const float limit = attributes[block].latent_clip;
  if (limit > 0.0) updated = clamp(updated, -limit, limit);
  m[i] = moment;
  w[i] = updated;
}
