// SPDX-License-Identifier: Apache-2.0
// Kernel choice: an op's variants stand in an explicit list, best first; the last one is naive and always fits.
// A variant is a struct with `name`, `features` (FeatureMask that it needs) and `fits` (a predicate). Behind a variant
// may stand others that fit wherever it does, in other tiles: the rules never reach those, tuning may name them.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// For a list that is walked by hand, best first: whether to take `variant`, which fits or not. Every variant is to be
// asked about, each by a name of its own; where none is taken, the naive one is.
inline bool takes(const graph::LowerTarget& target, std::string_view variant, bool fits) {
  if (target.naive_only || !fits) return false;
  if (target.fitting != nullptr) {  // only wants to know
    target.fitting->emplace_back(variant);
    return false;
  }
  return target.wanted.empty() || target.wanted == variant;
}

// The first variant whose features the device has and whose `fits(args...)` holds, or the one that tuning wants; the
// last one where none does.
template <class Variant, size_t Count, class... Args>
const Variant& select_variant(const Variant (&variants)[Count], const graph::LowerTarget& target, const Args&... args) {
  for (size_t i = 0; i + 1 < Count; ++i) {
    const bool fits = !target.naive_only && target.caps.has(variants[i].features) && variants[i].fits(args...);
    if (takes(target, variants[i].name, fits)) return variants[i];
  }
  return variants[Count - 1];
}

}  // namespace lowtide::ops
