// SPDX-License-Identifier: Apache-2.0
// Graphs of cases.
#include "tests/harness/case_graph.hpp"

#include <algorithm>
#include <cctype>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/dot/dot.hpp"
#include "tests/harness/draw.hpp"

namespace lowtide::harness {

std::vector<cases::OpCase> cases_with_gradient() {
  std::vector<cases::OpCase> out;
  std::vector<cases::OpCase> all = cases::all_cases();
  for (cases::OpCase& op_case : all) {
    if (op_case.check_gradient) out.push_back(std::move(op_case));
  }
  return out;
}

namespace {

shaders::StepBlock step_of(const cases::CaseGraph& built) {
  shaders::StepBlock step = test_step();
  if (built.change_step) built.change_step(step);
  return step;
}

// Keeps an activation's elements until the host has read them.
void keep(graph::Graph& graph, ValueId id, const std::string& name) {
  const ValueId storage = graph.storage_of(id);
  if (graph.value(storage).role == graph::Role::activation) graph.make_metric(storage, name);
}

}  // namespace

Result<DifferentiatedCase> build_forward(const cases::OpCase& op_case) {
  DifferentiatedCase out;
  out.graph = std::make_unique<graph::Graph>();
  LOWTIDE_TRY(cases::CaseGraph built, op_case.build(*out.graph));
  out.step = step_of(built);
  out.inputs = std::move(built.inputs);
  out.outputs = std::move(built.outputs);
  for (size_t i = 0; i < out.outputs.size(); ++i) {
    keep(*out.graph, out.outputs[i], "output" + std::to_string(i));
  }
  return out;
}

Result<DifferentiatedCase> build_differentiated(const std::function<Result<cases::CaseGraph>(graph::Graph&)>& build) {
  DifferentiatedCase out;
  out.graph = std::make_unique<graph::Graph>();
  graph::Graph& graph = *out.graph;
  LOWTIDE_TRY(cases::CaseGraph built, build(graph));
  out.step = step_of(built);
  out.inputs = std::move(built.inputs);
  out.outputs = std::move(built.outputs);
  for (const ValueId output : out.outputs) {
    if (graph.desc(output).dtype != DType::f32) continue;
    const std::string name = "weight" + std::to_string(out.weights.size());
    const ValueId weight = graph.input(name, graph.desc(output));
    out.weights.push_back({weight, cases::uniform(-1, 1), false});
    LOWTIDE_TRY(const ValueId loss, ops::dot(graph, "loss" + std::to_string(out.losses.size()), output, weight));
    out.losses.push_back(loss);
  }
  std::vector<ValueId> wanted;
  for (const cases::CaseInput& input : out.inputs) {
    if (input.is_differentiable) wanted.push_back(input.id);
  }
  const std::vector<float> ones(out.losses.size(), 1.0f);
  LOWTIDE_TRY(const std::vector<ValueId> gradients,
              graph::differentiate(graph, out.losses, ones, ops::autodiff_ops(), wanted));
  size_t next = 0;
  for (const cases::CaseInput& input : out.inputs) {
    const ValueId gradient = input.is_differentiable ? gradients[next++] : ValueId();
    out.input_gradients.push_back(gradient);
    if (gradient.is_valid())
      keep(graph, gradient, "gradient_of_input" + std::to_string(out.input_gradients.size() - 1));
  }
  for (size_t i = 0; i < out.losses.size(); ++i) keep(graph, out.losses[i], "loss_metric" + std::to_string(i));
  for (size_t i = 0; i < out.outputs.size(); ++i) keep(graph, out.outputs[i], "output" + std::to_string(i));
  return out;
}

std::vector<Drawn> draw_inputs(const DifferentiatedCase& built) {
  std::vector<Drawn> out;
  for (const auto* list : {&built.inputs, &built.weights}) {
    for (size_t i = 0; i < list->size(); ++i) {
      const cases::CaseInput& input = (*list)[i];
      // Seeds go by position, not by id: a surrogate's graph may number its values differently.
      const uint64_t seed = (list == &built.inputs ? 1000 : 2000) + i;
      out.push_back({input.id, draw(input.distribution, built.graph->desc(input.id).element_count(), seed)});
    }
  }
  return out;
}

void set_inputs(reference::Interpreter& interpreter, const DifferentiatedCase& built) {
  interpreter.set_step(built.step);
  for (const Drawn& drawn : draw_inputs(built)) interpreter.set(drawn.id, drawn.elements);
}

std::vector<double> elements_of(reference::Interpreter& interpreter, ValueId id) {
  const std::span<const double> elements = interpreter.elements(id);
  return {elements.begin(), elements.end()};
}

shaders::StepBlock test_step() {
  shaders::StepBlock step = {};
  step.learning_rate = 0.1f;
  step.step = 3;
  step.seed_lo = 12345;
  step.loss_scale = 2.0f;
  step.quantized_share = 0.5f;
  step.expansion = 0.625f;
  step.blend = 0.625f;
  step.adam_correction1 = 0.3439f;    // 1 - 0.9^4
  step.adam_correction2 = 0.003994f;  // 1 - 0.999^4
  step.radam_rectification = 0.25f;
  step.second_rate = 0.03f;
  step.second_correction1 = 0.5904f;  // 1 - 0.8^4
  step.second_correction2 = 0.0394f;  // 1 - 0.99^4
  step.second_rectification = 0.5f;
  return step;
}

std::string test_name(const std::string& case_name) {
  std::string out = case_name;
  for (char& c : out) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return out;
}

}  // namespace lowtide::harness
