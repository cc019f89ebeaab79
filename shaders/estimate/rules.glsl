// SPDX-License-Identifier: Apache-2.0
// The numbers of ops::EstimatorRule.
#ifndef LOWTIDE_ESTIMATE_RULES_GLSL
#define LOWTIDE_ESTIMATE_RULES_GLSL

const uint kAqeG1 = 0u, kAqeG2 = 1u, kAqeG3 = 2u, kBireal = 3u, kEwgs = 4u;

// The blend of a rule: alpha of the step block, or 1 where the rule has none.
float blend_of(uint rule, float alpha) { return rule <= kAqeG3 ? alpha : 1.0; }

// What aqe rules multiply a gradient with inside the window.
float aqe_factor(uint rule, float alpha) {
  if (rule == kAqeG1) return 2.0 * alpha;
  return rule == kAqeG3 ? 1.0 - alpha : 1.0;
}

#endif
