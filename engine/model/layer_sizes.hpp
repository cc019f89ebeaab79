// SPDX-License-Identifier: Apache-2.0
// What each layer of a packed model takes in the file, beside what its numbers need. Need counts, per layer:
//   weights      one by one, by the bits of their codes, packed or at rest, or 32 (a level takes the bits of its code
//   also
//                where there are fewer levels than codes: ternary, shift)
//   thresholds   as they are compared: 32 bits each, and 32 for the direction of a channel. threshold_range_bits says
//                what would do: an accumulator of at most m in magnitude has 2 m + 2 places for a threshold
//   all else     as it is: f32
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/packed_model.hpp"

namespace lowtide::model {

struct LayerSize {
  std::string name;  // of the node that reads the constants first
  std::string op;
  uint32_t weight_bits = 0;  // of each weight; 0: no weights
  uint64_t weights = 0;
  uint64_t threshold_bytes = 0;
  uint64_t threshold_range_bits = 0;
  uint64_t other_bytes = 0;
  uint64_t file_bytes = 0;  // of its tensors

  uint64_t weight_bytes() const { return (weights * weight_bits + 7) / 8; }  // that are needed
  uint64_t needed_bytes() const { return weight_bytes() + threshold_bytes + other_bytes; }
};

// From the first byte of the first tensor to the last of the last one: with the space that alignment leaves.
uint64_t data_bytes(const Safetensors& file);

// One row per node that has constants, in the order of execution.
Result<std::vector<LayerSize>> layer_sizes(const PackedModel& model);

}  // namespace lowtide::model
