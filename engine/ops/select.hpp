// SPDX-License-Identifier: Apache-2.0
// Kernel choice: an op's variants stand in an explicit list, best first; the last one is naive and always fits.
// A variant is a struct with `features` (FeatureMask that it needs) and `fits` (a predicate).
#pragma once

#include <cstddef>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// The first variant whose features the device has and whose `fits(args...)` holds; the last one where none does.
template <class Variant, size_t Count, class... Args>
const Variant& select_variant(const Variant (&variants)[Count], const graph::LowerTarget& target, const Args&... args) {
  if (!target.naive_only) {
    for (size_t i = 0; i + 1 < Count; ++i) {
      if (target.caps.has(variants[i].features) && variants[i].fits(args...)) return variants[i];
    }
  }
  return variants[Count - 1];
}

}  // namespace lowtide::ops
