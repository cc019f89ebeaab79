// SPDX-License-Identifier: Apache-2.0
// The gradient rules of quantize_sign (ops::SignRule). Included below the declarations of p and scale, which it reads.
const uint kRuleClipped = 0u;
const uint kRuleReal = 1u;

// What a rule with a scale adds to dx / dlevels of item i: 1/scale (real) or 1/(n scale) (xnor_net). A scale of 0 gives
// 0: the real value is 0 whatever the level, so no gradient comes through it.
float scale_factor(uint i) {
  const float s = scale[i / p.row_items];
  const float divisor = p.rule == kRuleReal ? s : s * float(p.row_length);
  return s > 0.0 ? 1.0 / divisor : 0.0;
}
