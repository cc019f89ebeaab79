// SPDX-License-Identifier: Apache-2.0
// The checks of S3. Its layers are made in trainer/nets/shift_operands.cpp.
#include "trainer/methods/s3.hpp"

#include <fmt/format.h>

#include "engine/quant/quantizer.hpp"
#include "trainer/methods/layer_places.hpp"

namespace lowtide::trainer {

void check_sparse_shift(const std::string& where, const Phase& phase, std::vector<std::string>& out) {
  for (const auto& [place, p] : layer_places(where, phase.quantization)) {
    if (p.weight_quantizer != WeightQuantizer::sparse_shift || p.weight_bits == kFloatBits) continue;
    if (p.weight_estimator != Estimator::own) {
      out.push_back(
          fmt::format("{}: weight_quantizer = \"sparse_shift\" has gradients of its own, but weight_estimator is "
                      "\"{}\"; use \"own\"",
                      place, to_string(p.weight_estimator)));
    }
  }
}

}  // namespace lowtide::trainer
