// SPDX-License-Identifier: Apache-2.0
// Cases of the quantisers. Finite differences run on the surrogate: the same graph without rounding.
#include "engine/ops/quantize/quantize.hpp"

#include <fmt/format.h>

#include "engine/ops/copy/copy.hpp"
#include "engine/ops/quantize/weight_group.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;
using ops::Magnitude;
using ops::SignRule;

using Build = std::function<Result<CaseGraph>(Graph&)>;

// Real inputs around the clip points, kept away from them.
Build activations(Shape shape, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    const ops::QuantizeActivationsOpParams params = {.bits = bits, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeActivationsOp, "quantize", params, {x}));
    return CaseGraph{.inputs = {{x, uniform(-0.5, 1.5, {0.0, 1.0})}}, .outputs = {y}};
  };
}

// Every tie and every level: x = i / (2 (2^bits - 1)), below, inside and above [0, 1].
Build activation_ties(Shape shape, uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    LOWTIDE_TRY(const ValueId y, ops::quantize_activations(g, "quantize", x, bits));
    const double step = 0.5 / quant::max_code(bits);
    return CaseGraph{.inputs = {{x, integers(-4 * step, 1 + 4 * step, step), false}}, .outputs = {y}};
  };
}

Build signs(Shape shape, SignRule rule, Shape scale_shape, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    CaseGraph out{.inputs = {{x, uniform(-1, 1, {-0.6, 0.0, 0.6})}}, .outputs = {}};
    std::vector<ValueId> inputs = {x};
    if (rule != SignRule::clipped) {
      const ValueId scale = g.input("scale", f32_desc(scale_shape));
      inputs.push_back(scale);
      out.inputs.push_back({scale, uniform(0.2, 1.5), false});
    }
    const ops::QuantizeSignOpParams params = {.rule = rule, .window = 0.6f, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeSignOp, "quantize", params, std::move(inputs)));
    out.outputs = {y};
    return out;
  };
}

// Zeros of both signs among -1, 0 and 1.
Build sign_of_zero(Shape shape) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    LOWTIDE_TRY(const ValueId y, ops::quantize_activation_signs(g, "quantize", x));
    return CaseGraph{.inputs = {{x, integers(-1, 1), false}}, .outputs = {y}};
  };
}

Build magnitude(Shape shape, Magnitude magnitude, uint32_t per_channel) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ops::QuantizeMagnitudeOpParams params = {.magnitude = magnitude, .per_channel = per_channel};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeMagnitudeOp, "magnitude", params, {w}));
    return CaseGraph{.inputs = {{w, distinct(-1, 0.93)}}, .outputs = {y}};
  };
}

// The maximum as quantize_weights takes it when it is to be a constant for the gradient.
Build magnitude_detached(Shape shape) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ops::QuantizeMagnitudeOpParams params = {.magnitude = Magnitude::max};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeMagnitudeDetachedOp, "magnitude", params, {w}));
    return CaseGraph{.inputs = {{w, distinct(-1, 0.93), false}}, .outputs = {y}};
  };
}

// The maximum is given, so that it is a constant.
Build weights_detached(Shape shape, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ValueId max_abs = g.input("max_abs", f32_desc({}));
    const ops::QuantizeWeightsOpParams params = {.bits = bits, .is_rounded = is_rounded, .detach_maximum = 1};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeWeightsOp, "quantize", params, {w, max_abs}));
    return CaseGraph{.inputs = {{w, uniform(-1.2, 1.2)}, {max_abs, uniform(1.3, 1.5), false}}, .outputs = {y}};
  };
}

// The gradient goes through the maximum too.
Build weights_attached(Shape shape, uint32_t bits, uint32_t is_rounded) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ValueId w = g.input("w", f32_desc(shape));
    const ops::QuantizeMagnitudeOpParams max = {.magnitude = Magnitude::max};
    LOWTIDE_TRY(const ValueId max_abs, append_one(g, ops::kQuantizeMagnitudeDetachedOp, "maximum", max, {w}));
    const ops::QuantizeWeightsOpParams params = {.bits = bits, .is_rounded = is_rounded};
    LOWTIDE_TRY(const ValueId y, append_one(g, ops::kQuantizeWeightsOp, "quantize", params, {w, max_abs}));
    return CaseGraph{.inputs = {{w, distinct(-0.81, 0.77)}}, .outputs = {y}};
  };
}

// Parameters of a group among others: one chunk and several.
const Shape kGroupShapes[] = {Shape{3, 5, 12}, Shape{2, 2}, Shape{29, 3, 3, 64}, Shape{64}};

struct WeightGroup {
  std::vector<ValueId> weights, gradients;
  ValueId maxima;
  std::vector<CaseInput> inputs;
};

// The levels go into the places of the gradients.
Result<WeightGroup> append_group(Graph& g, const ops::QuantizeWeightGroupOpParams& params) {
  WeightGroup made;
  std::vector<ValueId> inputs = {g.whole_arena(graph::Role::parameter), g.whole_arena(graph::Role::gradient)};
  std::vector<ValueId> outputs = {ValueId()};
  for (const Shape& shape : kGroupShapes) {
    const size_t number = made.weights.size();
    g.parameter(fmt::format("between{}", number), Shape{7});
    const ValueId w = g.parameter(fmt::format("w{}", number), shape);
    made.weights.push_back(w);
    made.gradients.push_back(g.mirror(w, graph::Role::gradient));
    made.inputs.push_back({w, distinct(-0.81, 0.5 + 0.1 * static_cast<double>(number)), false});
    inputs.push_back(w);
    outputs.push_back(made.gradients.back());
  }
  LOWTIDE_TRY(const graph::Node* node, g.append(ops::kQuantizeWeightGroupOp, "group", &params, sizeof params,
                                                std::move(inputs), std::move(outputs)));
  made.maxima = node->out(0);
  return made;
}

Build weight_group(uint32_t bits) {
  return [=](Graph& g) -> Result<CaseGraph> {
    LOWTIDE_TRY(const WeightGroup made, append_group(g, {.bits = bits}));
    CaseGraph out = {.inputs = made.inputs, .outputs = made.gradients};
    out.outputs.push_back(made.maxima);
    return out;
  };
}

// The gradients of all tensors but the second, whose levels stay.
Build weight_group_gradient(uint32_t bits, uint32_t detach_maximum) {
  return [=](Graph& g) -> Result<CaseGraph> {
    const ops::QuantizeWeightGroupOpParams params = {.bits = bits, .detach_maximum = detach_maximum};
    LOWTIDE_TRY(const WeightGroup made, append_group(g, params));
    CaseGraph out = {.inputs = made.inputs, .outputs = made.gradients};
    std::vector<ValueId> inputs = {g.whole_arena(graph::Role::parameter), g.whole_arena(graph::Role::gradient),
                                   made.maxima};
    std::vector<ValueId> gradients;
    for (size_t i = 0; i < made.weights.size(); ++i) {
      if (i == 1) continue;
      const ValueId dlevels = g.input(fmt::format("dlevels{}", i), g.desc(made.weights[i]));
      out.inputs.push_back({dlevels, normal(0, 1), false});
      LOWTIDE_TRY_VOID(append_one(g, ops::kCopyOp, "copy", graph::NoParams{}, {dlevels}, {made.gradients[i]}));
      inputs.push_back(made.weights[i]);
      gradients.push_back(made.gradients[i]);
    }
    inputs.insert(inputs.end(), gradients.begin(), gradients.end());
    LOWTIDE_TRY_VOID(g.append(ops::kQuantizeWeightGroupBackwardInputOp, "gradient", &params, sizeof params,
                              std::move(inputs), std::move(gradients)));
    return out;
  };
}

void add_group_cases(std::vector<OpCase>& cases) {
  for (const uint32_t bits : {2u, 4u, 8u}) {
    cases.push_back({.name = fmt::format("quantize_weight_group/{}bit", bits),
                     .build = weight_group(bits),
                     .check_gradient = false,
                     .outputs_are_exact = true});
    for (const uint32_t detach : {0u, 1u}) {
      cases.push_back({.name = fmt::format("quantize_weight_group_backward_input/{}/{}bit",
                                           detach != 0 ? "detached" : "attached", bits),
                       .build = weight_group_gradient(bits, detach),
                       .check_gradient = false});
    }
  }
}

void add_activation_cases(std::vector<OpCase>& cases) {
  for (const uint32_t bits : {1u, 2u, 3u, 8u, quant::kWideBits}) {
    const Shape shape = {2, 3, 5, 7 * bits};
    cases.push_back({.name = fmt::format("quantize_activations/{}bit/{}", bits, to_string(shape)),
                     .build = activations(shape, bits, 1),
                     .outputs_are_exact = true,
                     .build_surrogate = activations(shape, bits, 0)});
  }
  for (uint32_t bits = 1; bits <= quant::kWideBits; ++bits) {
    if (!quant::has_level_bits(bits)) continue;
    for (const Shape& shape : {Shape{3, 701}, Shape{5, 436}}) {
      cases.push_back({.name = fmt::format("quantize_activations/ties/{}bit/{}", bits, to_string(shape)),
                       .build = activation_ties(shape, bits),
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
  }
}

void add_sign_cases(std::vector<OpCase>& cases) {
  struct Row {
    const char* name;
    SignRule rule;
    Shape scale;
  };
  for (const Shape& shape : {Shape{5, 3, 3, 13}, Shape{5, 3, 3, 12}})
    for (const Row& row : {Row{"clipped", SignRule::clipped, {}}, Row{"real", SignRule::real, {}},
                           Row{"xnor_net", SignRule::xnor_net, {}}, Row{"xnor_net_channel", SignRule::xnor_net, {5}}}) {
      cases.push_back({.name = fmt::format("quantize_sign/{}/{}", row.name, to_string(shape)),
                       .build = signs(shape, row.rule, row.scale, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = signs(shape, row.rule, row.scale, 0)});
    }
  for (const Shape& shape : {Shape{2, 97}, Shape{3, 68}}) {
    cases.push_back({.name = "quantize_sign/zeros/" + to_string(shape),
                     .build = sign_of_zero(shape),
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
}

void add_magnitude_cases(std::vector<OpCase>& cases) {
  for (const Shape& shape : {Shape{7, 3, 3, 11}, Shape{5, 3, 3, 12}, Shape{31, 3, 3, 61}, Shape{29, 3, 3, 64}}) {
    const std::string name = to_string(shape);
    cases.push_back({.name = "quantize_magnitude/max/" + name, .build = magnitude(shape, Magnitude::max, 0)});
    cases.push_back({.name = "quantize_magnitude/mean/" + name, .build = magnitude(shape, Magnitude::mean, 0)});
    cases.push_back({.name = "quantize_magnitude/mean_channel/" + name, .build = magnitude(shape, Magnitude::mean, 1)});
    cases.push_back({.name = "quantize_magnitude_detached/max/" + name,
                     .build = magnitude_detached(shape),
                     .check_gradient = false});
  }
}

void add_weight_cases(std::vector<OpCase>& cases) {
  for (const uint32_t bits : {2u, 3u, 4u, 8u}) {
    for (const Shape& shape : {Shape{7, 3, 3, 11}, Shape{7, 3, 3, 12}}) {
      cases.push_back({.name = fmt::format("quantize_weights/detached/{}bit/{}", bits, to_string(shape)),
                       .build = weights_detached(shape, bits, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = weights_detached(shape, bits, 0)});
    }
    for (const Shape& shape : {Shape{3, 5, 11}, Shape{3, 5, 12}}) {
      cases.push_back({.name = fmt::format("quantize_weights/attached/{}bit/{}", bits, to_string(shape)),
                       .build = weights_attached(shape, bits, 1),
                       .outputs_are_exact = true,
                       .build_surrogate = weights_attached(shape, bits, 0)});
    }
  }
  // Several chunks of the sums that the maximum's gradient takes.
  for (const Shape& shape : {Shape{31, 3, 3, 61}, Shape{29, 3, 3, 64}}) {
    cases.push_back({.name = fmt::format("quantize_weights/attached/2bit/{}", to_string(shape)),
                     .build = weights_attached(shape, 2, 1),
                     .outputs_are_exact = true,
                     .build_surrogate = weights_attached(shape, 2, 0)});
  }
  // A device's tanh decides a few of 2^16 levels otherwise than the reference's.
  for (const Shape& shape : {Shape{3, 5, 11}, Shape{3, 5, 12}}) {
    cases.push_back({.name = fmt::format("quantize_weights/attached/16bit/{}", to_string(shape)),
                     .build = weights_attached(shape, quant::kWideBits, 1),
                     .tolerance = 3e-5,
                     .build_surrogate = weights_attached(shape, quant::kWideBits, 0)});
  }
}

}  // namespace

std::vector<OpCase> quantize_cases() {
  std::vector<OpCase> cases;
  add_activation_cases(cases);
  add_sign_cases(cases);
  add_magnitude_cases(cases);
  add_weight_cases(cases);
  add_group_cases(cases);
  return cases;
}

}  // namespace lowtide::cases
