// SPDX-License-Identifier: Apache-2.0
// Places, levels and gradient terms of quantize_step (engine/ops/quantize_step/quantize_step.hpp has the formulas).
// Included below the declaration of p, which it reads. Twin of engine/reference/quantize_step.cpp.
#ifndef LOWTIDE_QUANTIZE_STEP_LEVEL_RULE_GLSL
#define LOWTIDE_QUANTIZE_STEP_LEVEL_RULE_GLSL
#include "lib/quant.glsl"

const uint kUnsignedLevels = 0u;
const uint kSignedLevels = 1u;
const uint kSigns = 2u;
const uint kOddLevels = 3u;
const uint kRulePact = 1u;

float lowest_level() {
  if (p.levels == kUnsignedLevels) return 0.0;
  if (p.levels == kSignedLevels) return -float(1u << (p.bits - 1u));
  return p.levels == kSigns ? -1.0 : -max_code(p.bits);
}

float highest_level() {
  if (p.levels == kSignedLevels) return float((1u << (p.bits - 1u)) - 1u);
  return p.levels == kSigns ? 1.0 : max_code(p.bits);
}

// Levels of 1 / unit: where x is one step further, u is so much further.
float levels_per_step() { return p.levels == kOddLevels ? 2.0 : 1.0; }

// u, unbounded. One multiplication rounded on its own; the doubling is exact.
float place_of(float x, float inverse) {
  precise float place = x * inverse;
  return place * levels_per_step();
}

// NaN becomes the lowest level.
float clip_place(float u) {
  const float low = lowest_level();
  return u > low ? min(u, highest_level()) : low;
}

float level_of(float u) {
  if (p.levels == kSigns) return quantize_sign(u);
  const float clipped = clip_place(u);
  if (p.levels != kOddLevels) return roundEven(clipped);
  const float n = max_code(p.bits);
  precise float code = 0.5 * clipped + 0.5 * n;  // the halves are exact; one addition is rounded
  return 2.0 * roundEven(code) - n;
}

bool is_inside(float u) { return u > lowest_level() && u < highest_level(); }

// dx / dlevels.
float input_factor(float u, float inverse) { return is_inside(u) ? inverse * levels_per_step() : 0.0; }

// dstep / dlevels, but for the factor gradient_scale / step.
float step_term(float u) {
  if (p.rule == kRulePact) return u >= highest_level() ? highest_level() : 0.0;
  return level_of(u) - (is_inside(u) ? u : 0.0);
}

#endif
