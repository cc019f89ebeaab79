// SPDX-License-Identifier: Apache-2.0
// Shape: up to four extents, outermost first. Extents only: no strides, no storage. An empty shape is a scalar of one
// element.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "engine/base/check.hpp"

namespace lowtide {

class Shape {
 public:
  static constexpr uint32_t kMaxRank = 4;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<uint32_t> extents) {
    LOWTIDE_CHECK(extents.size() <= kMaxRank, "a shape has at most four extents");
    for (uint32_t extent : extents) extents_[rank_++] = extent;
  }

  constexpr uint32_t rank() const { return rank_; }
  constexpr uint32_t operator[](uint32_t axis) const {
    LOWTIDE_CHECK(axis < rank_, "axis out of range");
    return extents_[axis];
  }
  constexpr uint32_t last() const { return rank_ == 0 ? 1 : extents_[rank_ - 1]; }

  // Product of the extents; 1 for a scalar.
  constexpr uint64_t element_count() const {
    uint64_t count = 1;
    for (uint32_t axis = 0; axis < rank_; ++axis) count *= extents_[axis];
    return count;
  }
  // Elements per innermost row: element_count() / last(); 0 where last() is 0.
  constexpr uint64_t row_count() const { return last() == 0 ? 0 : element_count() / last(); }

  friend constexpr bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<uint32_t, kMaxRank> extents_ = {};
  uint32_t rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[16, 28, 28, 64]"

}  // namespace lowtide
