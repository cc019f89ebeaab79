// SPDX-License-Identifier: Apache-2.0
// [deepshift]: the keys of DeepShift-PS. What they do is in deepshift.hpp.
#pragma once

namespace lowtide::trainer {

struct DeepshiftOptions {
  double penalty = 1e-4;  // penalty / 2 * sum (2^shift)^2 is added to the loss, as a gradient

  friend bool operator==(const DeepshiftOptions&, const DeepshiftOptions&) = default;
};

}  // namespace lowtide::trainer
