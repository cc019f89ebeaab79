// SPDX-License-Identifier: Apache-2.0
// Text forms of shapes and descriptions.
#include "engine/tensor/desc.hpp"

namespace lowtide {

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (uint32_t axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) out += ", ";
    out += std::to_string(shape[axis]);
  }
  return out + "]";
}

std::string to_string(const TensorDesc& desc) {
  return dtype_name(desc.dtype) + to_string(desc.shape);
}

}  // namespace lowtide
