// SPDX-License-Identifier: Apache-2.0
// Cases of sparse_shift. Finite differences run on the surrogate at latents that H and sg leave as they are, 0 or 1 and
// -1 or 1: there the products are those of the forward map. Other cases have every pattern of signs and zeros.
#include "engine/ops/sparse_shift/sparse_shift.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/ints.hpp"
#include "engine/ops/latent_stack.hpp"
#include "engine/quant/shift_weights.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using Build = std::function<Result<CaseGraph>(Graph&)>;

// Latents that are their own H and sg: weight i has bit l of i's pattern in latent l.
std::vector<double> switches(uint32_t latents, size_t count) {
  std::vector<double> out(latents * count);
  for (size_t i = 0; i < count; ++i) {
    const size_t pattern = i * 37 % (size_t{1} << latents);
    for (uint32_t l = 0; l < latents; ++l) {
      const bool is_on = (pattern >> l & 1) != 0;
      out[l * count + i] = l == 0 ? (is_on ? 1 : -1) : (is_on ? 1 : 0);
    }
  }
  return out;
}

Shape stacked(const Shape& levels, uint32_t bits) {
  return ops::with_first_extent(levels, levels[0] * quant::sparse_shift_latents(bits));
}

Build surrogate_or_op(Shape levels, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(stacked(levels, bits)));
    const ops::SparseShiftOpParams params = {.bits = bits, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kSparseShiftOp, "quantize", params, {latents}));
    const auto elements = switches(quant::sparse_shift_latents(bits), levels.element_count());
    return CaseGraph{.inputs = {{latents, given(elements)}}, .outputs = {y}};
  };
}

// Every pattern of negative, zero and positive latents; `count` weights repeat them.
Build patterns(uint32_t count, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(stacked(Shape{count}, bits)));
    LOWTIDE_TRY(const ValueId y, ops::sparse_shift(g, "quantize", latents, bits, 0));
    std::vector<double> elements;
    for (uint32_t l = 0, place = 1; l < quant::sparse_shift_latents(bits); ++l, place *= 3) {
      for (uint32_t i = 0; i < count; ++i) elements.push_back(0.5 * (i / place % 3) - 0.5);
    }
    return CaseGraph{.inputs = {{latents, given(elements), false}}, .outputs = {y}};
  };
}

// The gradient as an op of its own, with the regulariser, whose loss nothing shows.
Build backward(Shape levels, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(stacked(levels, bits)));
    const ValueId dlevels = g.input("dlevels", f32_desc(levels));
    const ops::SparseShiftOpParams params = {.bits = bits, .dense_regularizer = 0.3f};
    LOWTIDE_TRY(const ValueId dlatents, append_one(g, ops::kSparseShiftBackwardInputOp, "gradient", params,
                                                   {latents, dlevels, g.step_block()}));
    return CaseGraph{.inputs = {{latents, integers(-0.7, 0.7, 0.7), false}, {dlevels, uniform(-1, 1), false}},
                     .outputs = {dlatents}};
  };
}

}  // namespace

std::vector<OpCase> sparse_shift_cases() {
  std::vector<OpCase> cases;
  for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
    const auto all = static_cast<uint32_t>(std::lround(std::pow(3, quant::sparse_shift_latents(bits))));
    for (const uint32_t count : {all, round_up(all, 4u)}) {
      cases.push_back({.name = fmt::format("sparse_shift/patterns/{}bit/{}", bits, count),
                       .build = patterns(count, bits),
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
    // A count that is a multiple of four for the tuned kernels, and one that is not.
    for (const Shape& levels : {Shape{5, 3, 3, 12}, Shape{7, 3, 3, 11}, Shape{13, 29}}) {
      const std::string name = fmt::format("{}bit/{}", bits, to_string(levels));
      cases.push_back({.name = "sparse_shift/gradient/" + name,
                       .build = surrogate_or_op(levels, bits, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = surrogate_or_op(levels, bits, 0)});
      cases.push_back({.name = "sparse_shift/surrogate/" + name,
                       .build = surrogate_or_op(levels, bits, 0),
                       .check_gradient = false});
      cases.push_back(
          {.name = "sparse_shift/regularized/" + name, .build = backward(levels, bits), .check_gradient = false});
    }
  }
  return cases;
}

}  // namespace lowtide::cases
