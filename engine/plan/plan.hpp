// SPDX-License-Identifier: Apache-2.0
// Graph -> Program: lower every node, plan memory, plan barriers. Pure functions of their arguments.
#pragma once

#include "engine/base/result.hpp"
#include "engine/graph/op_info.hpp"
#include "engine/plan/program.hpp"

namespace lowtide::plan {

struct PlanOptions {
  // A program whose parameters, gradients, moments and state this one shares: values of those roles take the placement
  // of the same name there, and it is an error when a name is missing.
  const Program* shared = nullptr;
};

// Errors: an op refuses the device (its sentence), a value or arena is larger than the device can bind.
Result<Program> make_program(const graph::Graph& graph, const graph::LowerTarget& target,
                             const PlanOptions& options = {});

}  // namespace lowtide::plan
