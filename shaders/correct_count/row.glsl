// SPDX-License-Identifier: Apache-2.0
// One row of correct_count. Included below the declarations of logits, labels and p, which it reads.

// Whether the first of the row's largest logits is at its label.
bool is_correct(uint row) {
  const uint first = row * p.classes;
  uint best = 0u;
  for (uint j = 1u; j < p.classes; ++j) {
    if (logits[first + j] > logits[first + best]) best = j;
  }
  return best == labels[row];
}
