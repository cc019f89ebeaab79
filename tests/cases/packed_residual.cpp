// SPDX-License-Identifier: Apache-2.0
// Cases of packed_conv2d_residual: whole words for the tuned kernel, tails for the naive one. All is exact.
#include <fmt/format.h>

#include "engine/base/rng.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/quant/pack.hpp"
#include "tests/cases/op_case.hpp"
#include "tests/cases/packed_inputs.hpp"

namespace lowtide::cases {
namespace {

struct Row {
  Shape x;
  uint32_t x_bits, w_bits, k, stride;
  float lo, hi;
};

Result<CaseGraph> build(graph::Graph& g, const Row& row) {
  const auto kind = row.x_bits == 1 ? quant::ActivationKind::signs : quant::ActivationKind::unsigned_levels;
  const ops::PackedConv2dResidualOpParams params = {.conv = {.activation = kind,
                                                             .weight_bits = row.w_bits,
                                                             .output_channels = row.k,
                                                             .output = ops::PackedOutput::affine,
                                                             .output_scale = 0.37f,
                                                             .kernel_h = 3,
                                                             .kernel_w = 3,
                                                             .stride_h = row.stride,
                                                             .stride_w = row.stride,
                                                             .pad_h = 1,
                                                             .pad_w = 1},
                                                    .lo = row.lo,
                                                    .hi = row.hi};
  const quant::PackedWeightExtents extents = {.k = row.k, .taps = 9, .c = row.x.last(), .bits = row.w_bits};
  Rng rng(11, row.k);
  std::vector<float> levels(size_t{extents.k} * extents.taps * extents.c);
  for (float& level : levels) {
    level = quant::weight_level(rng.below(quant::max_code(extents.bits) + 1), extents.bits, extents.kind);
  }
  const auto words = quant::pack_weights(levels, extents);
  const Shape y = {row.x[0], (row.x[1] - 1) / row.stride + 1, (row.x[2] - 1) / row.stride + 1, row.k};
  CaseGraph out;
  out.inputs = {codes_input(g, row.x, row.x_bits, kind),
                {g.input("w", {DType::u32, extents.shape()}), given({words.begin(), words.end()}), false},
                {g.input("multiplier", f32_desc({row.k})), uniform(-0.1, 0.1), false},
                {g.input("offset", f32_desc({row.k})), uniform(-1, 1), false},
                {g.input("shortcut", f32_desc(y)), uniform(-1, 1), false}};
  std::vector<ValueId> ids;
  for (const CaseInput& input : out.inputs) ids.push_back(input.id);
  LOWTIDE_TRY(const graph::Node* node,
              g.append(ops::kPackedConv2dResidualOp, "conv", &params, sizeof params, std::move(ids)));
  out.outputs = node->outputs;
  return out;
}

}  // namespace

std::vector<OpCase> packed_residual_cases() {
  const Row rows[] = {{{2, 5, 7, 64}, 1, 1, 64, 1, -1, 1},
                      {{1, 9, 8, 32}, 1, 1, 96, 2, -1, 1},
                      {{1, 5, 4, 32}, 2, 2, 32, 1, 0, 0.5f},
                      {{2, 5, 3, 33}, 1, 1, 35, 1, -1, 1},
                      {{1, 6, 7, 40}, 2, 1, 70, 2, -0.5f, 2}};
  std::vector<OpCase> cases;
  for (const Row& row : rows) {
    cases.push_back({.name = fmt::format("packed_conv2d_residual/{}/x{}_w{}_k{}/stride{}", to_string(row.x), row.x_bits,
                                         row.w_bits, row.k, row.stride),
                     .build = [row](graph::Graph& g) { return build(g, row); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
