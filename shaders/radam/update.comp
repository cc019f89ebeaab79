// SPDX-License-Identifier: Apache-2.0
// radam update, tuned.  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w = clip(w - rate (u + decay w)),
//   u = r > 0 ? r (m / c1) / (sqrt(v / c2) + epsilon) : m / c1
// dw, w, m, v [arena]  attributes [arena / 256]  gradient_scale []
// one invocation = every stride-th group of four elements; a gradient_scale that is not finite leaves everything as it is
// needs: nothing: arenas are made of blocks of 256 elements
// reads dw step_block attributes gradient_scale, updates w m v; accumulate: no
// reference: engine/reference/radam.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "shaders/lib/block_attributes.h"
#include "shaders/lib/step_block.h"
#include "radam.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(RadamParams, p)
BUFFER_READ(0, vec4, dw)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, BlockAttributes, attributes)
BUFFER_READ(3, float, gradient_scale)
BUFFER_READ_WRITE(4, vec4, w)
BUFFER_READ_WRITE(5, vec4, m)
BUFFER_READ_WRITE(6, vec4, v)

void main() {
  const float scale = p.has_scale != 0u ? gradient_scale[0] : 1.0 / step_block[0].loss_scale;
  if (isnan(scale) || isinf(scale)) return;
  const StepBlock now = step_block[0];
  FOR_TILE_ITEMS(offset, p.count / 4u, p.stride) {
    const uint i = p.first / 4u + offset;
    const BlockAttributes block = attributes[i / 64u];
    const bool is_second = block.is_second > 0.5;
    const float learning_rate = is_second ? now.second_rate : now.learning_rate;
    const float correction1 = is_second ? now.second_correction1 : now.adam_correction1;
    const float correction2 = is_second ? now.second_correction2 : now.adam_correction2;
    const float rectification = is_second ? now.second_rectification : now.radam_rectification;
    const vec4 old = w[i];
    const vec4 decay = block.weight_decay * old;
    const vec4 g = scale * dw[i];
    const vec4 m_new = p.beta1 * m[i] + (1.0 - p.beta1) * g;
    const vec4 v_new = p.beta2 * v[i] + (1.0 - p.beta2) * g * g;
    vec4 update = m_new / correction1;
    if (rectification > 0.0) update *= rectification / (sqrt(v_new / correction2) + p.epsilon);
    vec4 updated = old - learning_rate * block.rate_scale * (update + decay);
    if (block.latent_clip > 0.0) updated = clamp(updated, -block.latent_clip, block.latent_clip);
    m[i] = m_new;
    v[i] = v_new;
    w[i] = updated;
  }
}
