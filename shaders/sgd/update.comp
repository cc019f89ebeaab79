// SPDX-License-Identifier: Apache-2.0
// sgd update, tuned.  m = momentum m + g;  w = clip(w - rate (nesterov ? g + momentum m : m));  g = scale dw + decay w
// dw, w, m [arena]  attributes [arena / 256]  gradient_scale []
// one invocation = every stride-th group of four elements; a gradient_scale that is not finite leaves everything as it is
// needs: nothing: arenas are made of blocks of 256 elements
// reads dw step_block attributes gradient_scale, updates w m; accumulate: no
// reference: engine/reference/sgd.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "shaders/lib/block_attributes.h"
#include "shaders/lib/step_block.h"
#include "sgd.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SgdParams, p)
BUFFER_READ(0, vec4, dw)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, BlockAttributes, attributes)
BUFFER_READ(3, float, gradient_scale)
BUFFER_READ_WRITE(4, vec4, w)
BUFFER_READ_WRITE(5, vec4, m)

void main() {
  const float scale = p.has_scale != 0u ? gradient_scale[0] : 1.0 / step_block[0].loss_scale;
  if (isnan(scale) || isinf(scale)) return;
  const StepBlock now = step_block[0];
  FOR_TILE_ITEMS(offset, p.count / 4u, p.stride) {
    const uint i = p.first / 4u + offset;
    const BlockAttributes block = attributes[i / 64u];
    const float learning_rate = block.is_second > 0.5 ? now.second_rate : now.learning_rate;
    const vec4 old = w[i];
    const vec4 g = scale * dw[i] + block.weight_decay * old;
    const vec4 moment = p.momentum * m[i] + g;
    const vec4 direction = p.nesterov != 0u ? g + p.momentum * moment : moment;
    vec4 updated = old - learning_rate * block.rate_scale * direction;
    if (block.latent_clip > 0.0) updated = clamp(updated, -block.latent_clip, block.latent_clip);
    m[i] = moment;
    w[i] = updated;
  }
}
