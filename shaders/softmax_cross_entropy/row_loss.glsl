// SPDX-License-Identifier: Apache-2.0
// The loss of one row. Included below the declarations of logits, labels and p, which it reads.

// -sum_j t_j log p_j with t_j = (1 - s) [j = label] + s / c. maximum: of the row; logit_sum: of logits - maximum;
// log_sum: log of the sum of their exponentials. NaN where the label is no class.
float row_loss(uint row, float maximum, float logit_sum, float log_sum) {
  const uint label = labels[row];
  if (label >= p.classes) return uintBitsToFloat(0x7fc00000u);
  const float picked = logits[row * p.classes + label] - maximum - log_sum;
  const float mean = logit_sum / float(p.classes) - log_sum;
  return -(1.0 - p.label_smoothing) * picked - p.label_smoothing * mean;
}
