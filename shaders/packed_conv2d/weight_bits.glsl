// SPDX-License-Identifier: Apache-2.0
// Single bits of w, whose layout engine/quant/pack.hpp describes: a filter's run of r * s * group_c bits of a plane, full
// words as [word, plane, k], then the tails of all runs in a stream. Included below the declarations of p and w.
uint weight_bit(uint bit, uint plane, uint k) {
  const uint run = p.kernel_h * p.kernel_w * p.group_c;
  const uint full = run / kWordBits, tail = run % kWordBits;
  if (bit / kWordBits < full) return (w[(bit / kWordBits * p.w_planes + plane) * p.k + k] >> bit % kWordBits) & 1u;
  const uint at = (plane * p.k + k) * tail + bit % kWordBits;
  return (w[full * p.w_planes * p.k + at / kWordBits] >> at % kWordBits) & 1u;
}
