// SPDX-License-Identifier: Apache-2.0
// Cases of deepshift_q and deepshift_ps. Finite differences of PS run on the surrogate at whole shifts inside the
// range, which rounding and clamping leave as they are.
#include "engine/ops/deepshift/deepshift.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/rng.hpp"
#include "engine/ops/latent_stack.hpp"
#include "engine/quant/shift_weights.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using Build = std::function<Result<CaseGraph>(Graph&)>;

Build q(Shape shape, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ops::DeepshiftQOpParams params = {.bits = bits, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kDeepshiftQOp, "quantize", params, {w}));
    return CaseGraph{.inputs = {{w, normal(0, 0.6)}}, .outputs = {y}};
  };
}

// The floats around every sqrt(2) 2^e and 2^e, of both signs, beyond both ends of the range, and zeros.
Build q_ties(uint32_t bits) {
  std::vector<double> elements = {0.0, -0.0, 1e-39, -1e-39, 3e38, -3e38};
  for (int e = -20; e <= 3; ++e) {
    for (const double middle : {std::exp2(e), std::exp2(e + 0.5)}) {
      const auto nearest = static_cast<float>(middle);
      for (const float x : {std::nextafter(nearest, 0.0f), nearest, std::nextafter(nearest, 1e9f)}) {
        elements.push_back(static_cast<double>(x));
        elements.push_back(-static_cast<double>(x));
      }
    }
  }
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(Shape{static_cast<uint32_t>(elements.size())}));
    LOWTIDE_TRY(const ValueId y, ops::deepshift_q(g, "quantize", w, bits));
    return CaseGraph{.inputs = {{w, given(elements), false}}, .outputs = {y}};
  };
}

// Shifts that are whole numbers inside the range, signs away from 1/2.
std::vector<double> whole_shifts(size_t count, uint32_t range) {
  Rng rng(5, 1);
  std::vector<double> out(2 * count);
  for (size_t i = 0; i < count; ++i) {
    out[i] = -1.0 - rng.below(range - 1);
    out[count + i] = static_cast<double>(static_cast<float>(std::array{-0.9, -0.1, 0.3, 0.7}[rng.below(4)]));
  }
  return out;
}

Build ps(Shape levels, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(ops::with_first_extent(levels, 2 * levels[0])));
    const ops::DeepshiftPsOpParams params = {.bits = bits, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kDeepshiftPsOp, "quantize", params, {latents}));
    const auto elements = whole_shifts(levels.element_count(), quant::deepshift_ps_range(bits));
    return CaseGraph{.inputs = {{latents, given(elements)}}, .outputs = {y}};
  };
}

// Ties of both roundings, ends of the range, and beyond.
Build ps_ties(Shape levels, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(ops::with_first_extent(levels, 2 * levels[0])));
    LOWTIDE_TRY(const ValueId y, ops::deepshift_ps(g, "quantize", latents, bits, 0));
    return CaseGraph{.inputs = {{latents, integers(-17, 1.5, 0.25), false}}, .outputs = {y}};
  };
}

// The gradient as an op of its own, with the penalty, at latents within, at the ends of and beyond the range.
Build ps_backward(Shape levels, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId latents = g.input("latents", f32_desc(ops::with_first_extent(levels, 2 * levels[0])));
    const ValueId dlevels = g.input("dlevels", f32_desc(levels));
    const ops::DeepshiftPsOpParams params = {.bits = bits, .penalty = 0.4f};
    LOWTIDE_TRY(const ValueId dlatents, append_one(g, ops::kDeepshiftPsBackwardInputOp, "gradient", params,
                                                   {latents, dlevels, g.step_block()}));
    const double lowest = -static_cast<double>(quant::deepshift_ps_range(bits));
    return CaseGraph{.inputs = {{latents, integers(lowest - 1, 1, 0.25), false}, {dlevels, uniform(-1, 1), false}},
                     .outputs = {dlatents}};
  };
}

}  // namespace

std::vector<OpCase> deepshift_cases() {
  std::vector<OpCase> cases;
  // A count that is a multiple of four for the tuned kernels, and one that is not.
  const Shape shapes[] = {{5, 3, 3, 12}, {7, 3, 3, 11}};
  for (uint32_t bits = quant::kMinDeepshiftBits; bits <= quant::kMaxDeepshiftBits; ++bits) {
    cases.push_back({.name = fmt::format("deepshift_q/ties/{}bit", bits),
                     .build = q_ties(bits),
                     .check_gradient = false,
                     .outputs_are_exact = true});
    for (const Shape& shape : shapes) {
      const std::string name = fmt::format("{}bit/{}", bits, to_string(shape));
      cases.push_back({.name = "deepshift_q/" + name,
                       .build = q(shape, bits, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = q(shape, bits, 0)});
      cases.push_back({.name = "deepshift_ps/ties/" + name,
                       .build = ps_ties(shape, bits),
                       .check_gradient = false,
                       .outputs_are_exact = true});
      cases.push_back(
          {.name = "deepshift_ps/penalty/" + name, .build = ps_backward(shape, bits), .check_gradient = false});
      if (quant::deepshift_ps_range(bits) < 2) continue;  // two bits: no shift lies inside the range
      cases.push_back({.name = "deepshift_ps/" + name,
                       .build = ps(shape, bits, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = ps(shape, bits, 0)});
    }
  }
  for (const Shape& shape : shapes) {
    cases.push_back({.name = "deepshift_q/surrogate/" + to_string(shape), .build = q(shape, 3, 0)});
    cases.push_back(
        {.name = "deepshift_ps/surrogate/" + to_string(shape), .build = ps(shape, 4, 0), .check_gradient = false});
  }
  return cases;
}

}  // namespace lowtide::cases
