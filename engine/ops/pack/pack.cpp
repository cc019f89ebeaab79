// SPDX-License-Identifier: Apache-2.0
// pack and unpack: shape rules and lowering. No gradient: they exist for inference.
#include "engine/ops/pack/pack.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/pack.hpp"
#include "shaders/pack/pack.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using quant::ActivationKind;
using quant::ActivationRule;

constexpr uint32_t threshold_offset(uint32_t i) {
  return static_cast<uint32_t>(offsetof(PackOpParams, thresholds)) + 4 * i;
}

constexpr graph::ParamField kPackFields[] = {
    {"kind", offsetof(PackOpParams, kind), FieldType::u32}, {"bits", offsetof(PackOpParams, bits), FieldType::u32},
    {"rule", offsetof(PackOpParams, rule), FieldType::u32}, {"threshold1", threshold_offset(0), FieldType::f32},
    {"threshold2", threshold_offset(1), FieldType::f32},    {"threshold3", threshold_offset(2), FieldType::f32},
    {"threshold4", threshold_offset(3), FieldType::f32},    {"threshold5", threshold_offset(4), FieldType::f32},
    {"threshold6", threshold_offset(5), FieldType::f32},    {"threshold7", threshold_offset(6), FieldType::f32}};
constexpr graph::ParamField kUnpackFields[] = {{"kind", offsetof(UnpackOpParams, kind), FieldType::u32}};

Result<void> expect_codes(const Node& node, ActivationKind kind, uint32_t bits) {
  if (kind <= ActivationKind::shift && quant::has_bits(kind, bits)) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("'{}': codes of {} bits, kind {}: unsigned levels have 1 to 8 bits, signs one, shift levels 2 "
                  "to 4",
                  node.name, bits, static_cast<uint32_t>(kind)));
}

// Which inputs stand behind x.
struct PackInputs {
  bool has_affine = false, has_step = false;
};

Result<PackInputs> pack_inputs(const Node& node, const PackOpParams& params) {
  const bool has_step = params.rule == ActivationRule::learned_step;
  if (params.rule > ActivationRule::learned_step || (has_step && params.kind != ActivationKind::unsigned_levels)) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("'{}': rule {} of kind {}: there are unit ranges and learned steps, and only unsigned levels "
                    "have learned steps",
                    node.name, static_cast<uint32_t>(params.rule), static_cast<uint32_t>(params.kind)));
  }
  const size_t least = has_step ? 2 : 1;
  if (node.inputs.size() != least && node.inputs.size() != least + 2) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' has {} inputs, but takes x, then multiplier and offset or neither{}", node.name,
                            node.inputs.size(), has_step ? ", then the step" : ""));
  }
  return PackInputs{node.inputs.size() > least, has_step};
}

Descs infer_pack(const Node& node, const Graph& graph) {
  const auto params = node.params<PackOpParams>();
  LOWTIDE_TRY(const PackInputs inputs, pack_inputs(node, params));
  LOWTIDE_TRY_VOID(expect_codes(node, params.kind, params.bits));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of pack"));
  for (size_t i = 1; inputs.has_affine && i < 3; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "multiplier and offset of pack"));
  }
  if (inputs.has_step && graph.desc(node.inputs.back()) != f32_desc(Shape{})) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the inverse step of '{}' must be {}, but is {}", node.name, to_string(f32_desc(Shape{})),
                            to_string(graph.desc(node.inputs.back()))));
  }
  return std::vector{TensorDesc{packed_dtype(params.bits), graph.desc(node.in(0)).shape}};
}

Descs infer_unpack(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const TensorDesc& x = graph.desc(node.in(0));
  if (!is_packed(x.dtype)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': unpack needs packed codes, not {}", node.name, to_string(x)));
  }
  LOWTIDE_TRY_VOID(expect_codes(node, node.params<UnpackOpParams>().kind, planes_of(x.dtype)));
  return std::vector{f32_desc(x.shape)};
}

Result<void> lower_pack(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<PackOpParams>();
  LOWTIDE_TRY(const PackInputs inputs, pack_inputs(node, p));
  const TensorDesc& y = graph.desc(node.out());
  const shaders::PackParams params = {.rows = narrow<uint32_t>(y.shape.row_count()),
                                      .c = y.shape.last(),
                                      .planes = planes_of(y.dtype),
                                      .kind = static_cast<uint32_t>(p.kind),
                                      .has_step = inputs.has_step,
                                      .has_affine = inputs.has_affine,
                                      .threshold1 = p.thresholds[0],
                                      .threshold2 = p.thresholds[1],
                                      .threshold3 = p.thresholds[2],
                                      .threshold4 = p.thresholds[3],
                                      .threshold5 = p.thresholds[4],
                                      .threshold6 = p.thresholds[5],
                                      .threshold7 = p.thresholds[6]};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    // Bindings of what a node does not have get x, which the kernel then does not read through them.
    kernel.multiplier = node.in(inputs.has_affine ? 1 : 0);
    kernel.offset = node.in(inputs.has_affine ? 2 : 0);
    kernel.inverse_step = inputs.has_step ? node.inputs.back() : node.in(0);
    kernel.y = node.out();
    out.add(kernel, params, groups_for(uint64_t{params.rows} * y.channel_words(), kernel.local_size));
  };
  if (!target.naive_only && params.c % 4 == 0) {
    kernels::pack_forward_vec4 kernel;
    kernel.spec.kind = params.kind;
    kernel.spec.planes = params.planes;
    add(kernel);
  } else {
    add(kernels::pack_forward_naive{});
  }
  return {};
}

Result<void> lower_unpack(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const TensorDesc& x = graph.desc(node.in(0));
  const Grid grid = vec4_grid(x.shape, x.shape.last(), target);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.levels = node.out();
    out.add(kernel,
            shaders::UnpackParams{.count = grid.count,
                                  .stride = grid.stride,
                                  .c = x.shape.last(),
                                  .planes = planes_of(x.dtype),
                                  .kind = static_cast<uint32_t>(node.params<UnpackOpParams>().kind)},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::pack_unpack_forward_vec4{});
  } else {
    add(kernels::pack_unpack_forward_naive{});
  }
  return {};
}

std::vector<ValueId> with_step(std::vector<ValueId> inputs, ValueId inverse_step) {
  if (inverse_step.is_valid()) inputs.push_back(inverse_step);
  return inputs;
}

}  // namespace

const graph::OpInfo kPackOp = {.name = "pack",
                               .fields = kPackFields,
                               .param_bytes = sizeof(PackOpParams),
                               .infer = infer_pack,
                               .lower = lower_pack,
                               .is_exact = true};

const graph::OpInfo kUnpackOp = {.name = "unpack",
                                 .fields = kUnpackFields,
                                 .param_bytes = sizeof(UnpackOpParams),
                                 .infer = infer_unpack,
                                 .lower = lower_unpack,
                                 .is_exact = true};

Result<ValueId> pack(Graph& graph, std::string name, ValueId x, const PackOpParams& params, ValueId inverse_step) {
  return append_one(graph, kPackOp, std::move(name), params, with_step({x}, inverse_step));
}

Result<ValueId> pack_affine(Graph& graph, std::string name, ValueId x, ValueId multiplier, ValueId offset,
                            const PackOpParams& params, ValueId inverse_step) {
  return append_one(graph, kPackOp, std::move(name), params, with_step({x, multiplier, offset}, inverse_step));
}

Result<ValueId> unpack(Graph& graph, std::string name, ValueId x, ActivationKind kind) {
  return append_one(graph, kUnpackOp, std::move(name), UnpackOpParams{kind}, {x});
}

}  // namespace lowtide::ops
