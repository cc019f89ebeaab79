// SPDX-License-Identifier: Apache-2.0
// The draw: the same in all invocations. Included below the declarations of p and step_block, which it reads.
bool is_drawn() {
  const uvec4 words = philox(step_block[0].seed_lo, step_block[0].seed_hi, 0u, p.stream, step_block[0].step);
  return unit_float(words.x) < step_block[0].quantized_share;
}
