// SPDX-License-Identifier: Apache-2.0
// Reference of pack and unpack. The affine step and the quantiser are f32, operation by operation: they decide codes.
#include "engine/ops/pack/pack.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void pack(const Operands& o) {
  const auto params = o.node.params<ops::PackOpParams>();
  quant::ActivationQuantizer quantizer = {
      .kind = params.kind, .bits = params.bits, .rule = params.rule, .thresholds = params.thresholds};
  const bool has_step = params.rule == quant::ActivationRule::learned_step;
  if (has_step) quantizer.inverse_step = static_cast<float>(o.inputs.back()[0]);
  const bool has_affine = o.inputs.size() >= 3;
  const size_t c = o.in_desc(0).shape.last();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    auto x = static_cast<float>(o.inputs[0][i]);
    if (has_affine) {
      x = x * static_cast<float>(o.inputs[1][i % c]);
      x = x + static_cast<float>(o.inputs[2][i % c]);
    }
    o.outputs[0][i] = quant::activation_code(quant::quantize(x, quantizer), params.kind, params.bits);
  }
}

void unpack(const Operands& o) {
  const auto kind = o.node.params<ops::UnpackOpParams>().kind;
  const uint32_t bits = planes_of(o.in_desc(0).dtype);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = quant::activation_level(static_cast<uint32_t>(o.inputs[0][i]), kind, bits);
  }
}

}  // namespace lowtide::reference
