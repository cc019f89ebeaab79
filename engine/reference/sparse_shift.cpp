// SPDX-License-Identifier: Apache-2.0
// Reference of sparse_shift, as in its header: the recursion over shift latents, written out in double.
#include "engine/ops/sparse_shift/sparse_shift.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "engine/quant/shift_weights.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

constexpr uint32_t kMostShifts = quant::sparse_shift_shifts(quant::kMaxShiftBits);

// One weight: its latents behind H and sg, or as they are, and p_0 .. p_T.
struct Weight {
  double sign = 1;
  double sparse = 1;
  std::array<double, kMostShifts> shift = {};
  std::array<double, kMostShifts + 1> exponent = {};
};

Weight weight_of(std::span<const double> latents, size_t count, size_t i, uint32_t shifts, bool is_rounded) {
  const auto step = [&](double x) { return is_rounded ? (x > 0 ? 1.0 : 0.0) : x; };
  Weight w;
  w.sign = is_rounded ? (latents[i] >= 0 ? 1 : -1) : latents[i];
  w.sparse = step(latents[count + i]);
  for (uint32_t t = 0; t < shifts; ++t) {
    w.shift[t] = step(latents[(2 + t) * count + i]);
    w.exponent[t + 1] = w.shift[t] * (1 + w.exponent[t]);
  }
  return w;
}

}  // namespace

void sparse_shift(const Operands& o) {
  const auto params = o.node.params<ops::SparseShiftOpParams>();
  const uint32_t shifts = quant::sparse_shift_shifts(params.bits);
  const size_t count = o.outputs[0].size();
  for (size_t i = 0; i < count; ++i) {
    const Weight w = weight_of(o.inputs[0], count, i, shifts, params.is_rounded != 0);
    o.outputs[0][i] = w.sign * w.sparse * std::exp2(w.exponent[shifts]);
  }
}

void sparse_shift_backward_input(const Operands& o) {
  const auto params = o.node.params<ops::SparseShiftOpParams>();
  const uint32_t shifts = quant::sparse_shift_shifts(params.bits);
  const size_t count = o.inputs[1].size();
  const std::span<double> dlatents = o.outputs[0];
  for (size_t i = 0; i < count; ++i) {
    const Weight w = weight_of(o.inputs[0], count, i, shifts, true);
    const double g = o.inputs[1][i], power = std::exp2(w.exponent[shifts]);
    const double force = o.inputs[0][count + i] < 0 ? params.dense_regularizer * o.step.loss_scale : 0;
    dlatents[i] = g * w.sparse * power;
    dlatents[count + i] = g * w.sign * power - force;
    double dp = g * w.sign * w.sparse * power * std::numbers::ln2;
    for (uint32_t t = shifts; t > 0; --t) {
      dlatents[(1 + t) * count + i] = dp * (1 + w.exponent[t - 1]);
      dp *= w.shift[t - 1];
    }
  }
}

}  // namespace lowtide::reference
