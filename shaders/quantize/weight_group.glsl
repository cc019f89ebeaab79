// SPDX-License-Identifier: Apache-2.0
// Which tensor of a group is meant. Included below the declarations of p and segments, which it reads.

// That of a workgroup: the last one whose first chunk is not behind it.
uint segment_of_chunk(uint chunk) {
  uint lo = 0u, hi = p.segments - 1u;
  while (lo < hi) {
    const uint middle = (lo + hi + 1u) / 2u;
    if (segments[middle].chunk <= chunk) {
      lo = middle;
    } else {
      hi = middle - 1u;
    }
  }
  return lo;
}

// That of an item of the arenas; p.segments for one of no tensor of the group.
uint segment_of_item(uint item) {
  for (uint s = 0u; s < p.segments; ++s) {
    if (item >= segments[s].first && item < segments[s].first + segments[s].items) return s;
  }
  return p.segments;
}
