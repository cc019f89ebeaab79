// SPDX-License-Identifier: Apache-2.0
// Names of element types.
#include "engine/tensor/dtype.hpp"

#include <array>

namespace lowtide {
namespace {

constexpr std::array<const char*, 14> kNames = {"f32", "f16", "i32", "u32", "i8", "u8", "b1",
                                                "b2",  "b3",  "b4",  "b5",  "b6", "b7", "b8"};

}  // namespace

const char* dtype_name(DType dtype) {
  return kNames[static_cast<size_t>(dtype)];
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace lowtide
