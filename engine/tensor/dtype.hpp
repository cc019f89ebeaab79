// SPDX-License-Identifier: Apache-2.0
// Element types. b1..b8 are packed codes: k bit planes of 32-bit words (layout: tensor/desc.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lowtide {

enum class DType : uint8_t { f32, f16, i32, u32, i8, u8, b1, b2, b3, b4, b5, b6, b7, b8 };

constexpr bool is_packed(DType dtype) {
  return dtype >= DType::b1;
}

// Bit planes of a packed type; 0 for the others.
constexpr uint32_t planes_of(DType dtype) {
  return is_packed(dtype) ? static_cast<uint32_t>(dtype) - static_cast<uint32_t>(DType::b1) + 1 : 0;
}

// The packed type of `bits` planes; bits in 1..8.
constexpr DType packed_dtype(uint32_t bits) {
  return static_cast<DType>(static_cast<uint32_t>(DType::b1) + bits - 1);
}

// Bytes of one element of an unpacked type; 0 for packed types, whose elements share words.
constexpr uint32_t element_bytes(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::i32:
    case DType::u32:
      return 4;
    case DType::f16:
      return 2;
    case DType::i8:
    case DType::u8:
      return 1;
    default:
      return 0;
  }
}

const char* dtype_name(DType dtype);                          // "f32", "b2", ...
std::optional<DType> dtype_from_name(std::string_view name);  // the inverse

}  // namespace lowtide
