// SPDX-License-Identifier: Apache-2.0
// Cases of batch_norm_activation: every activation and quantiser, with and without a shortcut, where the value is read
// too and where only the levels are. Channels lie below, within and above what quantisers and activations pass, away
// from their kinks.
#include <fmt/format.h>

#include "engine/ops/add/add.hpp"
#include "engine/ops/batch_norm/activation.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/relu/relu.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using ops::BatchNormActivationOpParams;
using ops::NormActivation;
using ops::NormQuantizer;

struct Form {
  Shape shape;
  BatchNormActivationOpParams params;
  bool has_shortcut = false;
};

CaseGraph make_inputs(graph::Graph& g, const Form& form) {
  const uint32_t channels = form.shape.last();
  std::vector<double> beta(channels);
  for (uint32_t c = 0; c < channels; ++c) beta[c] = std::array{0.5, -0.6, 1.75, 0.45}[c % 4];
  CaseGraph out;
  out.inputs = {{g.input("x", f32_desc(form.shape)), uniform(-2, 1)},
                {g.parameter("gamma", Shape{channels}), uniform(0.08, 0.12)},
                {g.parameter("beta", Shape{channels}), given(beta)}};
  if (form.has_shortcut) out.inputs.push_back({g.input("shortcut", f32_desc(form.shape)), uniform(-0.1, 0.1)});
  return out;
}

// Which values a case compares: those of the levels and, where it is written, the value.
void set_outputs(CaseGraph& out, const Form& form, ValueId value, ValueId levels) {
  if (form.params.writes_value != 0) out.outputs.push_back(value);
  if (form.params.quantizer != NormQuantizer::none) out.outputs.push_back(levels);
}

std::function<Result<CaseGraph>(graph::Graph&)> fused(const Form& form) {
  return [form](graph::Graph& g) -> Result<CaseGraph> {
    CaseGraph out = make_inputs(g, form);
    std::vector<ValueId> inputs;
    for (const CaseInput& input : out.inputs) inputs.push_back(input.id);
    LOWTIDE_TRY(const graph::Node* node,
                g.append(ops::kBatchNormActivationOp, "fused", &form.params, sizeof(form.params), std::move(inputs)));
    set_outputs(out, form, node->out(0), node->out(4));
    return out;
  };
}

// The ops that the fused one stands for, their quantisers without the rounding.
std::function<Result<CaseGraph>(graph::Graph&)> surrogate(const Form& form) {
  return [form](graph::Graph& g) -> Result<CaseGraph> {
    const BatchNormActivationOpParams& p = form.params;
    CaseGraph out = make_inputs(g, form);
    LOWTIDE_TRY(const ops::BatchNormed norm,
                ops::batch_norm(g, "norm", out.inputs[0].id, {.gamma = out.inputs[1].id, .beta = out.inputs[2].id},
                                {.epsilon = p.epsilon}));
    ValueId a = norm.y, levels = {};
    if (form.has_shortcut) {
      LOWTIDE_TRY(a, ops::add(g, "sum", a, out.inputs[3].id));
    }
    if (p.activation == NormActivation::relu) {
      LOWTIDE_TRY(a, ops::relu(g, "relu", a));
    }
    if (p.activation == NormActivation::clip) {
      LOWTIDE_TRY(a, ops::clip(g, "clip", a, p.lo, p.hi));
    }
    if (p.quantizer == NormQuantizer::unsigned_levels) {
      const ops::QuantizeActivationsOpParams params = {.bits = p.bits, .is_rounded = 0};
      LOWTIDE_TRY(levels, graph::append_one(g, ops::kQuantizeActivationsOp, "levels", params, {a}));
    }
    if (p.quantizer == NormQuantizer::signs) {
      const ops::QuantizeSignOpParams params = {.window = p.window, .is_rounded = 0};
      LOWTIDE_TRY(levels, graph::append_one(g, ops::kQuantizeSignOp, "levels", params, {a}));
    }
    set_outputs(out, form, a, levels);
    return out;
  };
}

}  // namespace

std::vector<OpCase> batch_norm_activation_cases() {
  std::vector<OpCase> cases;
  const auto add = [&](const char* name, const Form& form) {
    const std::string end = form.has_shortcut ? "/shortcut" : "";
    cases.push_back({.name = fmt::format("batch_norm_activation/{}/{}{}", name, to_string(form.shape), end),
                     .build = fused(form),
                     .tolerance = 2e-5,
                     .build_surrogate = surrogate(form)});
  };
  const Shape small = {7, 8}, image = {3, 5, 7, 12}, many = {5, 29, 31, 8};
  const auto relu = NormActivation::relu, clip = NormActivation::clip;
  const auto unsigned_levels = NormQuantizer::unsigned_levels, signs = NormQuantizer::signs;
  for (const bool has_shortcut : {false, true}) {
    add("relu", {small, {.activation = relu}, has_shortcut});
    add("clip", {image, {.activation = clip, .lo = -1, .hi = 1}, has_shortcut});
    add("levels1", {image, {.quantizer = unsigned_levels, .bits = 1, .writes_value = 0}, has_shortcut});
    add("levels2", {many, {.quantizer = unsigned_levels, .bits = 2, .writes_value = 0}, has_shortcut});
    add("relu_levels2", {image, {.activation = relu, .quantizer = unsigned_levels, .bits = 2}, has_shortcut});
    add("relu_levels5", {small, {.activation = relu, .quantizer = unsigned_levels, .bits = 5}, has_shortcut});
    add("signs", {image, {.quantizer = signs, .window = 1, .writes_value = 0}, has_shortcut});
    add("clip_signs",
        {many, {.activation = clip, .lo = -1, .hi = 1, .quantizer = signs, .window = 0.95f}, has_shortcut});
  }
  add("sum", {image, {}, true});
  add("relu_levels2", {{2, 11, 20, 72}, {.activation = relu, .quantizer = unsigned_levels, .bits = 2}, true});
  return cases;
}

}  // namespace lowtide::cases
