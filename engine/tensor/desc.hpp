// SPDX-License-Identifier: Apache-2.0
// TensorDesc: a description without storage. Layout is fixed by rank and dtype:
//   unpacked  row-major, innermost extent last. Activations are [n, h, w, c] (NHWC) or [n, c]; weights [k, r, s, c] or
//   [k, c]. packed    the innermost extent c becomes, for each row, `planes` runs of c_words = ceil(c / 32) words:
//             word(row, plane, j) = row * planes * c_words + plane * c_words + j; bit i of word j = channel 32 * j + i.
//             Bits of channels >= c are zero. Plane p holds bit p of the unsigned code.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/ints.hpp"
#include "engine/tensor/dtype.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide {

struct TensorDesc {
  DType dtype = DType::f32;
  Shape shape;

  constexpr uint64_t element_count() const { return shape.element_count(); }
  constexpr uint32_t channel_words() const {
    return ceil_div(shape.last(), 32u);
  }  // words per plane of one row (packed)
  constexpr uint32_t row_words() const { return planes_of(dtype) * channel_words(); }
  constexpr uint64_t bytes() const {
    if (is_packed(dtype)) return shape.row_count() * row_words() * 4;
    return element_count() * element_bytes(dtype);
  }
  friend constexpr bool operator==(const TensorDesc&, const TensorDesc&) = default;
};

inline TensorDesc f32_desc(Shape shape) {
  return {DType::f32, shape};
}

std::string to_string(const TensorDesc& desc);  // "f32[16, 28, 28, 64]"

}  // namespace lowtide
