// SPDX-License-Identifier: Apache-2.0
// Turns an OpCase into a graph that can be evaluated: forward alone, or with a loss and the gradients of its inputs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/reference/interpreter.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::harness {

struct DifferentiatedCase {
  std::unique_ptr<graph::Graph> graph;
  std::vector<cases::CaseInput> inputs;
  std::vector<ValueId> outputs;
  std::vector<cases::CaseInput> weights;  // the random c of each output
  std::vector<ValueId> losses;            // sum c y of each output, made metrics
  std::vector<ValueId>
      input_gradients;      // by input; invalid where not differentiable. Made metrics where they are activations.
  shaders::StepBlock step;  // what the case makes of test_step()
};

// The cases whose op has a gradient.
std::vector<cases::OpCase> cases_with_gradient();

// Forward only: losses and gradients are empty.
Result<DifferentiatedCase> build_forward(const cases::OpCase& op_case);

// `build` is the case's own build function or its surrogate.
Result<DifferentiatedCase> build_differentiated(const std::function<Result<cases::CaseGraph>(graph::Graph&)>& build);

// The elements that inputs and weights start from; the same for every build of one case.
struct Drawn {
  ValueId id;
  std::vector<double> elements;
};
std::vector<Drawn> draw_inputs(const DifferentiatedCase& built);

// Sets every input and weight, and the step block, of an interpreter.
void set_inputs(reference::Interpreter& interpreter, const DifferentiatedCase& built);
std::vector<double> elements_of(reference::Interpreter& interpreter, ValueId id);

// The step block that tests use: step 3, seed 12345, learning rates 0.1 and 0.03, loss scale 2, blend 0.625, quantised
// share 0.5.
shaders::StepBlock test_step();

// GoogleTest allows letters, digits and underscores in a parameter's name.
std::string test_name(const std::string& case_name);

}  // namespace lowtide::harness
