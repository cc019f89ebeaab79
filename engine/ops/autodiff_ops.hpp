// SPDX-License-Identifier: Apache-2.0
// The ops that differentiation itself appends (graph/autodiff.hpp): fill, add, copy.
#pragma once

#include "engine/graph/autodiff.hpp"

namespace lowtide::ops {

const graph::AutodiffOps& autodiff_ops();

}  // namespace lowtide::ops
