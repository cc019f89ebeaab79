// SPDX-License-Identifier: Apache-2.0
// The tails of w (engine/quant/pack.hpp): the last bits of each filter's run of a plane, which fill no word, in a stream
// behind the full words. Read by two loads; bits behind the tail are of other filters.
const uint run = kernel_h * kernel_w * channels;
const uint full = run / kWordBits;  // words of a run before its tail
const uint tail = run % kWordBits;
const uint tails = full * w_planes * k_count;  // words before the stream
const uint last_word = tails + (tail * w_planes * k_count + kWordBits - 1u) / kWordBits - 1u;

uint tail_weight(uint plane, uint k) {
  const uint at = (plane * k_count + min(k, k_count - 1u)) * tail;
  const uint word = tails + at / kWordBits, shift = at % kWordBits;
  return w[min(word, last_word)] >> shift | w[min(word + 1u, last_word)] << 1u << (kWordBits - 1u - shift);
}
uvec4 tail_weights(uint plane, uint first_k, uint quad) {
  const uint k = first_k + 4u * quad;
  return uvec4(tail_weight(plane, k), tail_weight(plane, k + 1u), tail_weight(plane, k + 2u), tail_weight(plane, k + 3u));
}

// Word `word` of a run; beyond the run, anything.
uvec4 run_weights(uint word, uint plane, uint first_k, uint quad) {
  if (word < full) return full_weights(word * w_planes + plane, first_k, quad);
  return tail_weights(plane, first_k, quad);
}
