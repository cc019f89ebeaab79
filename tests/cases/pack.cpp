// SPDX-License-Identifier: Apache-2.0
// Cases of pack, unpack and packed_max_pool2d, with channels that do and do not come in fours. Codes: everything is
// exact.
#include "engine/ops/pack/pack.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "tests/cases/op_case.hpp"
#include "tests/cases/packed_inputs.hpp"

namespace lowtide::cases {
namespace {

using graph::Graph;

void add_pool_cases(std::vector<OpCase>& cases) {
  const ops::PackedPool2dOpParams overlapping = {3, 2, 2, 1, 1, 1};
  const std::pair<ActivationKind, uint32_t> codes[] = {{kUnsigned, 1}, {kUnsigned, 2}, {kUnsigned, 3}, {kUnsigned, 8},
                                                       {kShift, 2},    {kShift, 3},    {kShift, 4}};
  for (const auto& [kind, bits] : codes) {
    for (auto params : {ops::PackedPool2dOpParams{}, overlapping}) {
      params.activation = kind;
      cases.push_back({.name = fmt::format("packed_max_pool2d/{}bit/{}x{}{}", bits, params.window_h, params.window_w,
                                           kind == kShift ? "/shift" : ""),
                       .build = [=, bits = bits](Graph& g) -> Result<CaseGraph> {
                         const CaseInput x = codes_input(g, {2, 7, 5, 41}, bits, params.activation);
                         LOWTIDE_TRY(const ValueId y, ops::packed_max_pool2d(g, "pool", x.id, params));
                         return CaseGraph{.inputs = {x}, .outputs = {y}};
                       },
                       .check_gradient = false,
                       .outputs_are_exact = true});
    }
  }
}

// Ties and saturation of every code: x on a grid of half steps of unsigned levels, and of a sixteenth, where some
// thresholds of shift levels lie.
Result<CaseGraph> build_pack(Graph& g, const ops::PackOpParams& params, uint32_t c, bool has_affine) {
  const double step = params.kind == kShift ? 1.0 / 16 : 0.5 / quant::max_code(params.bits);
  const bool has_step = params.rule == quant::ActivationRule::learned_step;
  CaseGraph out;
  const ValueId x = g.input("x", f32_desc({3, 5, 7, c}));
  out.inputs = {{x, integers(params.kind == kShift ? -1.5 : -3 * step, 1.5 + 3 * step, step), false}};
  ValueId inverse_step;
  if (has_step) {
    inverse_step = g.input("inverse_step", f32_desc(Shape{}));
    out.inputs.push_back({inverse_step, given({0.75 * quant::max_code(params.bits)}), false});
  }
  if (!has_affine) {
    LOWTIDE_TRY(const ValueId y, ops::pack(g, "pack", x, params, inverse_step));
    out.outputs = {y};
    return out;
  }
  const ValueId multiplier = g.input("multiplier", f32_desc({c}));
  const ValueId offset = g.input("offset", f32_desc({c}));
  out.inputs.push_back({multiplier, uniform(-2, 2), false});
  out.inputs.push_back({offset, uniform(-0.5, 1), false});
  LOWTIDE_TRY(const ValueId y, ops::pack_affine(g, "pack", x, multiplier, offset, params, inverse_step));
  out.outputs = {y};
  return out;
}

void add_pack_case(std::vector<OpCase>& cases, const std::string& name, const ops::PackOpParams& params,
                   bool has_affine) {
  for (const uint32_t c : {37u, 44u}) {
    cases.push_back({.name = fmt::format("{}{}/{}_channels", name, has_affine ? "/affine" : "", c),
                     .build = [=](Graph& g) { return build_pack(g, params, c, has_affine); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
}

void add_unpack_case(std::vector<OpCase>& cases, const std::string& name, ActivationKind kind, uint32_t bits) {
  for (const uint32_t c : {45u, 52u}) {
    cases.push_back({.name = fmt::format("{}/{}_channels", name, c),
                     .build = [=](Graph& g) -> Result<CaseGraph> {
                       const CaseInput x = codes_input(g, {2, 3, 5, c}, bits, kind);
                       LOWTIDE_TRY(const ValueId y, ops::unpack(g, "unpack", x.id, kind));
                       return CaseGraph{.inputs = {x}, .outputs = {y}};
                     },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
}

void add_pack_cases(std::vector<OpCase>& cases) {
  for (const bool has_affine : {false, true}) {
    for (uint32_t bits = 1; bits <= quant::kMaxBits; ++bits) {
      add_pack_case(cases, fmt::format("pack/{}bit", bits), {.kind = kUnsigned, .bits = bits}, has_affine);
      add_pack_case(cases, fmt::format("pack/{}bit_step", bits),
                    {.kind = kUnsigned, .bits = bits, .rule = quant::ActivationRule::learned_step}, has_affine);
    }
    for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
      ops::PackOpParams shift = {.kind = kShift, .bits = bits};
      shift.thresholds = {1.25f, 0.75f, 0.5f, 0.3f, 0.1875f, 0.125f, 0.0625f};
      add_pack_case(cases, fmt::format("pack/{}bit_shift", bits), shift, has_affine);
    }
  }
  add_pack_case(cases, "pack/signs", {.kind = kSigns, .bits = 1}, true);
  for (uint32_t bits = 1; bits <= quant::kMaxBits; ++bits) {
    add_unpack_case(cases, fmt::format("unpack/{}bit", bits), bits == 1 ? kSigns : kUnsigned, bits);
  }
  for (uint32_t bits = quant::kMinShiftBits; bits <= quant::kMaxShiftBits; ++bits) {
    add_unpack_case(cases, fmt::format("unpack/{}bit_shift", bits), kShift, bits);
  }
}

}  // namespace

std::vector<OpCase> pack_cases() {
  std::vector<OpCase> cases;
  add_pack_cases(cases);
  add_pool_cases(cases);
  return cases;
}

}  // namespace lowtide::cases
