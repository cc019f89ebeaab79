// SPDX-License-Identifier: Apache-2.0
// Cases of the threshold quantisers and of what makes their thresholds. Finite differences run on the surrogate.
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;

using Build = std::function<Result<CaseGraph>(Graph&)>;

// The first q are used, so one table serves all bits.
constexpr quant::ShiftThresholds kThresholds = {0.9f, 0.5f, 0.3f, 0.14f, 0.07f, 0.03f, 0.01f};

std::vector<double> thresholds_of(uint32_t bits) {
  return {kThresholds.begin(), kThresholds.begin() + quant::shift_magnitudes(bits)};
}

Build quantizer(Shape shape, uint32_t bits, bool has_scale, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ValueId thresholds = g.input("thresholds", f32_desc(Shape{quant::shift_magnitudes(bits)}));
    CaseGraph out = {.inputs = {{x, uniform(-1.5, 1.5, {-0.8, 0.8})}, {thresholds, given(thresholds_of(bits)), false}}};
    ValueId scale;
    if (has_scale) {
      scale = g.input("scale", f32_desc({}));
      out.inputs.push_back({scale, uniform(0.3, 0.7), false});
    }
    const ops::QuantizeThresholdOpParams params = {.bits = bits, .window = 0.8f, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, ops::quantize_threshold(g, "quantize", x, thresholds, params, scale));
    out.outputs = {y};
    return out;
  };
}

// Zeros of both signs, every threshold with its f32 neighbours, saturation, both signs.
Build ties(uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    std::vector<double> elements = {0.0, -0.0, 1.0, -1.0, 1e30, -1e30, INFINITY, -INFINITY};
    for (const double wide : thresholds_of(bits)) {
      const auto t = static_cast<float>(wide);
      for (const float x : {t, std::nextafter(t, 2.0f), std::nextafter(t, 0.0f)}) {
        elements.push_back(x);
        elements.push_back(-x);
      }
    }
    const ValueId x = g.input("x", f32_desc({2, static_cast<uint32_t>(elements.size() / 2)}));
    const ValueId thresholds = g.input("thresholds", f32_desc(Shape{quant::shift_magnitudes(bits)}));
    LOWTIDE_TRY(const ValueId y, ops::quantize_threshold(g, "quantize", x, thresholds, {.bits = bits}));
    return CaseGraph{.inputs = {{x, given(elements), false}, {thresholds, given(thresholds_of(bits)), false}},
                     .outputs = {y}};
  };
}

// A scale of 0 lets no gradient through; elements on the window let it.
Build backward(Shape shape, bool has_scale, Distribution scale_distribution) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ValueId dlevels = g.input("dlevels", f32_desc(shape));
    CaseGraph out = {.inputs = {{x, integers(-1.5, 1.5, 0.25), false}, {dlevels, uniform(-1, 1), false}}};
    std::vector<ValueId> inputs = {x};
    if (has_scale) {
      inputs.push_back(g.input("scale", f32_desc({})));
      out.inputs.push_back({inputs.back(), scale_distribution, false});
    }
    inputs.push_back(dlevels);
    const ops::QuantizeThresholdOpParams params = {.bits = 3, .window = 0.75f};
    LOWTIDE_TRY(const ValueId dx, append_one(g, ops::kQuantizeThresholdBackwardInputOp, "backward", params, inputs));
    out.outputs = {dx};
    return out;
  };
}

Build values(uint32_t bits, bool has_base) {
  return [=](Graph& g) -> Result<CaseGraph> {
    CaseGraph out;
    ValueId base;
    if (has_base) {
      base = g.input("base", f32_desc({}));
      out.inputs.push_back({base, uniform(0.3, 0.7), false});
    }
    LOWTIDE_TRY(const ValueId y, ops::threshold_values(g, "values", bits, kThresholds, base));
    out.outputs = {y};
    return out;
  };
}

Build maximum(double next) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId maximum = g.input("maximum", f32_desc({}));
    const ValueId running = g.state("running", f32_desc({}));
    LOWTIDE_TRY(const ValueId y, ops::running_maximum(g, "running", maximum, running));
    return CaseGraph{.inputs = {{maximum, given({next}), false}, {running, given({0.75}), false}}, .outputs = {y}};
  };
}

Build scale(Shape shape, double threshold) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ValueId thresholds = g.input("thresholds", f32_desc({1}));
    LOWTIDE_TRY(const ValueId y, ops::ternary_scale(g, "scale", w, thresholds));
    return CaseGraph{.inputs = {{w, distinct(-1, 0.93), false}, {thresholds, given({threshold}), false}},
                     .outputs = {y}};
  };
}

}  // namespace

std::vector<OpCase> quantize_threshold_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{2, 3, 5, 7}, Shape{3, 5, 7, 12}}) {
    for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
      cases.push_back({.name = fmt::format("quantize_threshold/{}bit/{}", bits, to_string(shape)),
                       .build = quantizer(shape, bits, false, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = quantizer(shape, bits, false, 0)});
    }
    cases.push_back({.name = "quantize_threshold/scale/" + to_string(shape),
                     .build = quantizer(shape, 2, true, 1),
                     .outputs_are_exact = true,
                     .build_surrogate = quantizer(shape, 2, true, 0)});
    cases.push_back({.name = "quantize_threshold_backward_input/window/" + to_string(shape),
                     .build = backward(shape, false, {}),
                     .check_gradient = false});
    cases.push_back({.name = "quantize_threshold_backward_input/scale/" + to_string(shape),
                     .build = backward(shape, true, given({0.375})),
                     .check_gradient = false});
  }
  for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
    cases.push_back({.name = fmt::format("quantize_threshold/ties/{}bit", bits),
                     .build = ties(bits),
                     .check_gradient = false,
                     .outputs_are_exact = true});
    for (const bool has_base : {false, true}) {
      cases.push_back({.name = fmt::format("quantize_threshold_values/{}/{}bit", has_base ? "base" : "fixed", bits),
                       .build = values(bits, has_base),
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
  }
  for (const auto& [name, next] :
       {std::pair{"larger", 0.875}, std::pair{"smaller", 0.5}, std::pair{"infinite", static_cast<double>(INFINITY)},
        std::pair{"nan", static_cast<double>(NAN)}}) {
    cases.push_back({.name = fmt::format("quantize_threshold_maximum/{}", name),
                     .build = maximum(next),
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  for (const Shape& shape : {Shape{7, 3, 3, 11}, Shape{31, 3, 3, 61}}) {
    cases.push_back({.name = "quantize_threshold_scale/" + to_string(shape),
                     .build = scale(shape, 0.375),
                     .check_gradient = false});
  }
  return cases;
}

}  // namespace lowtide::cases
