// SPDX-License-Identifier: Apache-2.0
// Conversion between elements and bytes.
#include "tests/harness/elements.hpp"

#include <cstring>

namespace lowtide::harness {
namespace {

template <class T>
void put(std::vector<std::byte>& bytes, size_t i, double element) {
  const T value = static_cast<T>(element);
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

template <class T>
double get(std::span<const std::byte> bytes, size_t i) {
  T value = {};
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

// Calls visit(element index, word index, bit, plane) for every bit of a packed value.
template <class Visit>
void for_each_bit(const TensorDesc& desc, Visit visit) {
  const uint32_t channels = desc.shape.last(), words = desc.channel_words(), planes = planes_of(desc.dtype);
  for (uint64_t row = 0; row < desc.shape.row_count(); ++row) {
    for (uint32_t channel = 0; channel < channels; ++channel) {
      for (uint32_t plane = 0; plane < planes; ++plane) {
        visit(row * channels + channel, (row * planes + plane) * words + channel / 32, channel % 32, plane);
      }
    }
  }
}

}  // namespace

std::vector<std::byte> bytes_of(const TensorDesc& desc, std::span<const double> elements) {
  std::vector<std::byte> bytes(desc.bytes());
  if (is_packed(desc.dtype)) {
    std::vector<uint32_t> words(bytes.size() / 4);
    for_each_bit(desc, [&](uint64_t element, uint64_t word, uint32_t bit, uint32_t plane) {
      words[word] |= (static_cast<uint32_t>(elements[element]) >> plane & 1u) << bit;
    });
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    switch (desc.dtype) {
      case DType::f32:
        put<float>(bytes, i, elements[i]);
        break;
      case DType::i32:
        put<int32_t>(bytes, i, elements[i]);
        break;
      case DType::u32:
        put<uint32_t>(bytes, i, elements[i]);
        break;
      case DType::i8:
        put<int8_t>(bytes, i, elements[i]);
        break;
      case DType::u8:
        put<uint8_t>(bytes, i, elements[i]);
        break;
      default:
        LOWTIDE_CHECK(false, "a type that no case uses");
    }
  }
  return bytes;
}

std::vector<double> elements_of(const TensorDesc& desc, std::span<const std::byte> bytes) {
  LOWTIDE_CHECK(bytes.size() >= desc.bytes(), "fewer bytes than the value has");
  std::vector<double> elements(desc.element_count());
  if (is_packed(desc.dtype)) {
    for_each_bit(desc, [&](uint64_t element, uint64_t word, uint32_t bit, uint32_t plane) {
      uint32_t value = 0;
      std::memcpy(&value, bytes.data() + word * 4, 4);
      elements[element] += static_cast<double>((value >> bit & 1u) << plane);
    });
    return elements;
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    switch (desc.dtype) {
      case DType::f32:
        elements[i] = get<float>(bytes, i);
        break;
      case DType::i32:
        elements[i] = get<int32_t>(bytes, i);
        break;
      case DType::u32:
        elements[i] = get<uint32_t>(bytes, i);
        break;
      case DType::i8:
        elements[i] = get<int8_t>(bytes, i);
        break;
      case DType::u8:
        elements[i] = get<uint8_t>(bytes, i);
        break;
      default:
        LOWTIDE_CHECK(false, "a type that no case uses");
    }
  }
  return elements;
}

}  // namespace lowtide::harness
