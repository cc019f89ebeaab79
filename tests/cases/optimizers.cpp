// SPDX-License-Identifier: Apache-2.0
// Cases of sgd, adam, radam and gradient_norm: three parameters of awkward sizes, of which an update may cover a part;
// attributes differ from block to block, is_second on both sides of 0.5. Optimisers have no gradient.
#include <fmt/format.h>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/adam/adam.hpp"
#include "engine/ops/gradient_norm/gradient_norm.hpp"
#include "engine/ops/radam/radam.hpp"
#include "engine/ops/sgd/sgd.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

using graph::Role;

struct Parameters {
  std::vector<CaseInput> inputs;
  std::vector<ValueId> outputs;
  ops::OptimizerInputs optimizer;
};

// Parameters of 3, 257 and 1031 elements (1, 2 and 5 blocks); `first` and `count` choose blocks.
Parameters make_parameters(graph::Graph& g, uint32_t moments, uint32_t first, uint32_t count, bool has_scale) {
  Parameters p;
  for (const Shape& shape : {Shape{3}, Shape{257}, Shape{1031}}) {
    const ValueId w = g.parameter(fmt::format("w{}", shape[0]), shape);
    p.inputs.push_back({w, uniform(-1, 1), false});
    p.inputs.push_back({g.mirror(w, Role::gradient), normal(0, 1), false});
    p.outputs.push_back(w);
    for (const Role role : {Role::moment0, Role::moment1}) {
      if (moments == 1 && role == Role::moment1) continue;
      p.inputs.push_back({g.mirror(w, role), uniform(0, 0.5), false});
      p.outputs.push_back(g.mirror(w, role));
    }
  }
  const ValueId attributes = ops::block_attributes(g);
  p.inputs.push_back({attributes, uniform(0.1, 0.9), false});
  ValueId scale;
  if (has_scale) {
    scale = g.input("scale", f32_desc(Shape{}));
    p.inputs.push_back({scale, uniform(0.2, 0.8), false});
  }
  p.optimizer = {.attributes = attributes, .gradient_scale = scale, .first_block = first, .block_count = count};
  return p;
}

}  // namespace

std::vector<OpCase> sgd_cases() {
  std::vector<OpCase> cases;
  for (const bool nesterov : {false, true}) {
    for (const uint32_t first : {0u, 1u}) {
      cases.push_back({.name = fmt::format("sgd/{}/from_block_{}", nesterov ? "nesterov" : "momentum", first),
                       .build = [=](graph::Graph& g) -> Result<CaseGraph> {
                         const Parameters p = make_parameters(g, 1, first, first == 0 ? 8 : 2, first != 0);
                         LOWTIDE_TRY_VOID(ops::sgd(g, "sgd", p.optimizer, 0.9f, nesterov));
                         return CaseGraph{.inputs = p.inputs, .outputs = p.outputs};
                       },
                       .check_gradient = false});
    }
  }
  return cases;
}

std::vector<OpCase> adam_cases() {
  std::vector<OpCase> cases;
  for (const uint32_t decoupled : {0u, 1u}) {
    for (const uint32_t first : {0u, 1u}) {
      cases.push_back({.name = fmt::format("adam/{}/from_block_{}", decoupled != 0 ? "adamw" : "adam", first),
                       .build = [=](graph::Graph& g) -> Result<CaseGraph> {
                         const Parameters p = make_parameters(g, 2, first, first == 0 ? 8 : 2, first != 0);
                         LOWTIDE_TRY_VOID(ops::adam(g, "adam", p.optimizer, {.decoupled = decoupled}));
                         return CaseGraph{.inputs = p.inputs, .outputs = p.outputs};
                       },
                       .check_gradient = false});
    }
  }
  return cases;
}

// Rectified, and below the threshold, where the update is the momentum.
std::vector<OpCase> radam_cases() {
  std::vector<OpCase> cases;
  for (const float rectification : {0.25f, 0.0f}) {
    for (const uint32_t first : {0u, 1u}) {
      cases.push_back(
          {.name = fmt::format("radam/{}/from_block_{}", rectification > 0 ? "rectified" : "momentum", first),
           .build = [=](graph::Graph& g) -> Result<CaseGraph> {
             const Parameters p = make_parameters(g, 2, first, first == 0 ? 8 : 2, first != 0);
             LOWTIDE_TRY_VOID(ops::radam(g, "radam", p.optimizer, {}));
             const auto change_step = [=](shaders::StepBlock& step) { step.radam_rectification = rectification; };
             return CaseGraph{.inputs = p.inputs, .outputs = p.outputs, .change_step = change_step};
           },
           .check_gradient = false});
    }
  }
  return cases;
}

std::vector<OpCase> gradient_norm_cases() {
  std::vector<OpCase> cases;
  for (const float max_norm : {0.0f, 1.0f, 1000.0f}) {
    cases.push_back({.name = fmt::format("gradient_norm/limit_{}", max_norm),
                     .build = [=](graph::Graph& g) -> Result<CaseGraph> {
                       Parameters p = make_parameters(g, 1, 0, 8, false);
                       LOWTIDE_TRY(const ops::GradientNorm norm,
                                   ops::gradient_norm(g, "norm", {max_norm, 0, graph::parameter_block_count(g)}));
                       return CaseGraph{.inputs = p.inputs, .outputs = {norm.norm, norm.scale}};
                     },
                     .check_gradient = false});
  }
  cases.push_back({.name = "gradient_norm/loss_scale",
                   .build = [](graph::Graph& g) -> Result<CaseGraph> {
                     Parameters p = make_parameters(g, 1, 0, 8, false);
                     const ValueId loss_scale = g.input("loss_scale", f32_desc(Shape{}));
                     p.inputs.push_back({loss_scale, given({8.0}), false});
                     LOWTIDE_TRY(
                         const ops::GradientNorm norm,
                         ops::gradient_norm(g, "norm", {0.25f, 0, graph::parameter_block_count(g)}, loss_scale));
                     return CaseGraph{.inputs = p.inputs, .outputs = {norm.norm, norm.scale}};
                   },
                   .check_gradient = false});
  cases.push_back({.name = "gradient_norm/from_block_1",
                   .build = [](graph::Graph& g) -> Result<CaseGraph> {
                     Parameters p = make_parameters(g, 1, 1, 2, false);
                     LOWTIDE_TRY(const ops::GradientNorm norm, ops::gradient_norm(g, "norm", {1.0f, 1, 2}));
                     return CaseGraph{.inputs = p.inputs, .outputs = {norm.norm, norm.scale}};
                   },
                   .check_gradient = false});
  return cases;
}

}  // namespace lowtide::cases
