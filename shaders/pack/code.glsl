// SPDX-License-Identifier: Apache-2.0
// From a real value to the code of its level. Included below the declarations of p and inverse_step, which it reads.
// kind and planes are arguments, so that a kernel that knows them when it is planned leaves out what does not apply.

float level_of_value(float value, uint kind, uint planes) {
  if (kind == kSigns) return quantize_sign(value);
  if (kind == kShiftLevels) {
    const float thresholds[7] = float[7](p.threshold1, p.threshold2, p.threshold3, p.threshold4, p.threshold5,
                                         p.threshold6, p.threshold7);
    return quantize_shift(value, planes, thresholds);
  }
  if (p.has_step != 0u) return quantize_step(value, inverse_step[0], planes);
  return quantize_activation(value, planes);
}

uint code_of_value(float value, uint kind, uint planes) {
  return activation_code(int(level_of_value(value, kind, planes)), kind, planes);
}
