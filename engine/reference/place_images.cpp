// SPDX-License-Identifier: Apache-2.0
// Reference of place_images.
#include "engine/ops/place_images/place_images.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// Words are held as doubles; offsets are two's complement.
int64_t signed_word(double word) {
  return static_cast<int32_t>(static_cast<uint32_t>(word));
}

}  // namespace

void place_images(const Operands& o) {
  const Shape& y = o.out_desc(0).shape;
  const int64_t h = y[1], w = y[2], c = y[3];
  size_t at = 0;
  for (uint32_t i = 0; i < y[0]; ++i) {
    const auto placement = o.inputs[1].subspan(size_t{i} * 4, 4);
    const int64_t down = signed_word(placement[1]), right = signed_word(placement[2]);
    for (int64_t r = 0; r < h; ++r) {
      for (int64_t q = 0; q < w; ++q) {
        const int64_t row = r + down, column = (placement[3] != 0 ? w - 1 - q : q) + right;
        const bool is_inside = row >= 0 && row < h && column >= 0 && column < w;
        for (int64_t channel = 0; channel < c; ++channel) {
          uint32_t pixel = 0;
          if (is_inside) {
            const auto byte =
                ((static_cast<uint64_t>(placement[0]) * static_cast<uint64_t>(h) + static_cast<uint64_t>(row)) *
                     static_cast<uint64_t>(w) +
                 static_cast<uint64_t>(column)) *
                    static_cast<uint64_t>(c) +
                static_cast<uint64_t>(channel);
            pixel = static_cast<uint32_t>(o.inputs[0][byte / 4]) >> (8 * (byte % 4)) & 0xff;
          }
          o.outputs[0][at++] = o.inputs[2][static_cast<size_t>(channel) * 256 + pixel];
        }
      }
    }
  }
}

}  // namespace lowtide::reference
