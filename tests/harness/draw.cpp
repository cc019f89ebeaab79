// SPDX-License-Identifier: Apache-2.0
// Case inputs.
#include "tests/harness/draw.hpp"

#include <algorithm>
#include <cmath>

#include "engine/base/check.hpp"
#include "engine/base/rng.hpp"

namespace lowtide::harness {

using Kind = cases::Distribution::Kind;

std::vector<double> draw(const cases::Distribution& d, size_t count, uint64_t seed) {
  if (d.kind == Kind::given) {
    LOWTIDE_CHECK(d.elements.size() == count, "the case gives another number of elements than its value has");
    return d.elements;
  }
  Rng rng(seed, 77);
  std::vector<double> out(count);
  for (size_t i = 0; i < count; ++i) {
    double x = 0;
    switch (d.kind) {
      case Kind::uniform:
        x = d.lo + (d.hi - d.lo) * rng.uniform();
        break;
      case Kind::normal:
        x = d.lo + d.hi * rng.normal();
        break;
      case Kind::integers: {
        const auto levels = static_cast<uint32_t>(std::lround((d.hi - d.lo) / d.step)) + 1;
        x = d.lo + d.step * rng.below(levels);
        break;
      }
      case Kind::given:
        break;
      case Kind::distinct:
        x = d.lo + (d.hi - d.lo) * static_cast<double>(i) / static_cast<double>(count);
        break;
    }
    for (const double kink : d.kinks) {
      if (std::abs(x - kink) < d.margin) x = x < kink ? kink - d.margin : kink + d.margin;
    }
    out[i] = static_cast<float>(x);
  }
  if (d.kind == Kind::distinct) {
    for (size_t i = count; i > 1; --i) std::swap(out[i - 1], out[rng.below(static_cast<uint32_t>(i))]);
  }
  return out;
}

}  // namespace lowtide::harness
