// SPDX-License-Identifier: Apache-2.0
// radam update, naive.  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w = clip(w - rate (u + decay w)),
//   u = r > 0 ? r (m / c1) / (sqrt(v / c2) + epsilon) : m / c1
// dw, w, m, v [arena]  attributes [arena / 256]  gradient_scale []
// one invocation = one element; a gradient_scale that is not finite leaves everything as it is
// needs: nothing
// reads dw step_block attributes gradient_scale, updates w m v; accumulate: no
// reference: engine/reference/radam.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/block_attributes.h"
#include "shaders/lib/step_block.h"
#include "radam.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(RadamParams, p)
BUFFER_READ(0, float, dw)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, BlockAttributes, attributes)
BUFFER_READ(3, float, gradient_scale)
BUFFER_READ_WRITE(4, float, w)
BUFFER_READ_WRITE(5, float, m)
BUFFER_READ_WRITE(6, float, v)

void main() {
  const uint offset = linear_invocation();
  if (offset >= p.count) return;
  const float scale = p.has_scale != 0u ? gradient_scale[0] : 1.0 / step_block[0].loss_scale;
  if (isnan(scale) || isinf(scale)) return;
  const uint i = p.first + offset;
  const uint block = i / 256u;
  const float old = w[i];
  const float decay = attributes[block].weight_decay * old;
  const float g = scale * dw[i];
  const float m_new = p.beta1 * m[i] + (1.0 - p.beta1) * g;
  const float v_new = p.beta2 * v[i] + (1.0 - p.beta2) * g * g;
  const bool is_second = attributes[block].is_second > 0.5;
  const float c1 = is_second ? step_block[0].second_correction1 : step_block[0].adam_correction1;
  const float c2 = is_second ? step_block[0].second_correction2 : step_block[0].adam_correction2;
  const float rectification = is_second ? step_block[0].second_rectification : step_block[0].radam_rectification;
  float update = m_new / c1;
  if (rectification > 0.0) update *= rectification / (sqrt(v_new / c2) + p.epsilon);
  const float rate =
      (is_second ? step_block[0].second_rate : step_block[0].learning_rate) * attributes[block].rate_scale;
  float updated = old - rate * (update + decay);
  const float limit = attributes[block].latent_clip;
  if (limit > 0.0) updated = clamp(updated, -limit, limit);
  m[i] = m_new;
  v[i] = v_new;
  w[i] = updated;
}
