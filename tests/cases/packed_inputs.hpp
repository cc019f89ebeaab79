// SPDX-License-Identifier: Apache-2.0
// Packed inputs of cases: every code of a kind alike, none that the kind does not have.
#pragma once

#include "engine/base/rng.hpp"
#include "engine/quant/quantizer.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

using quant::ActivationKind;

constexpr ActivationKind kSigns = ActivationKind::signs;
constexpr ActivationKind kUnsigned = ActivationKind::unsigned_levels;
constexpr ActivationKind kShift = ActivationKind::shift;

inline CaseInput codes_input(graph::Graph& g, const Shape& shape, uint32_t bits, ActivationKind kind) {
  const ValueId x = g.input("x", {packed_dtype(bits), shape});
  if (kind != kShift) return {x, integers(0, quant::max_code(bits)), false};
  Rng rng(17, bits);
  std::vector<double> codes(shape.element_count());
  for (double& code : codes) {
    code = quant::activation_code_of_rank(rng.below(quant::level_count(kind, bits)), kind, bits);
  }
  return {x, given(std::move(codes)), false};
}

}  // namespace lowtide::cases
