// SPDX-License-Identifier: Apache-2.0
// How the slices of a backward_weight become dw. sums_slices: each workgroup writes its sums into partials
// [slices,k,r,s,group_c], and the last one of a tile of dw adds the tile's slices, in their order (lib/last_workgroup.glsl).
// Else dw is [slices,k,r,s,group_c]: dw itself where there is one slice, or what backward_weight_sum reads; partials and
// counters are not used. Included behind the buffers dw, partials and counters and the spec constant sums_slices.

// `word`: of an element in [k,r,s,group_c].
void put(uint slice, uint word, float sum) {
  if (sums_slices != 0u) {
    partials[slice * p.slice_words + word] = sum;
  } else {
    dw[slice * p.slice_words + word] = sum * p.scale;
  }
}

// Uniform; tiles are what workgroups of one slice differ in. Every invocation calls.
bool is_last_of_tile() { return is_last_workgroup(linear_group() % (p.workgroups / p.slices), p.slices); }

void put_sum_of_slices(uint word) {
  float sum = 0.0;
  for (uint slice = 0u; slice < p.slices; ++slice) sum += partials[slice * p.slice_words + word];
  dw[word] = sum * p.scale;
}
