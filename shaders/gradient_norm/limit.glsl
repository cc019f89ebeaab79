// SPDX-License-Identifier: Apache-2.0
// From the sum of squares of scaled gradients to the norm and the factor that optimisers apply. Included below the
// declaration of the push constants p.

// (norm, scale). A norm that is not finite makes both NaN: optimisers then leave the step out.
vec2 norm_and_scale(float square_sum, float loss_scale) {
  const float norm = sqrt(square_sum) / loss_scale;
  if (isnan(norm) || isinf(norm)) return vec2(uintBitsToFloat(0x7fc00000u));
  const float factor = p.max_norm > 0.0 ? min(1.0, p.max_norm / (norm + 1e-6)) : 1.0;
  return vec2(norm, factor / loss_scale);
}
