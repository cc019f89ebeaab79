// SPDX-License-Identifier: Apache-2.0
// Lowering of convolutions to cooperative matrices: operands rounded to f16, sums in f32. For geometries whose params
// allow it (Operands::f16), on devices that multiply matrices in hardware.
#pragma once

#include "engine/ops/conv2d/geometry.hpp"

namespace lowtide::ops {

inline constexpr FeatureMask kMatrixFeatures = bit(Feature::float16) | bit(Feature::cooperative_matrix);

// Whether this device multiplies f16 matrices in hardware, in a shape that the kernels can use.
bool multiplies_matrices(const DeviceCaps& caps);

// Whether the op may and should take them: channels in fours, groups that are not thin, and no software driver, which
// emulates them.
bool fits_matrix(const Conv2dGeometry& g, const DeviceCaps& caps);

void lower_matrix_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                          DispatchList& out);
void lower_matrix_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                 DispatchList& out);
void lower_matrix_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                  DispatchList& out);

}  // namespace lowtide::ops
