// SPDX-License-Identifier: Apache-2.0
// The ops that differentiation appends.
#include "engine/ops/autodiff_ops.hpp"

#include "engine/ops/add/add.hpp"
#include "engine/ops/copy/copy.hpp"
#include "engine/ops/fill/fill.hpp"

namespace lowtide::ops {

const graph::AutodiffOps& autodiff_ops() {
  static constexpr graph::AutodiffOps kAutodiffOps = {.fill = fill, .add = add, .copy = copy};
  return kAutodiffOps;
}

}  // namespace lowtide::ops
