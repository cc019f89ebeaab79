// SPDX-License-Identifier: Apache-2.0
// Cases of packed_pixels: 1 to 5 channels, so that kernel rows start anywhere in a word; borders on all sides, strides,
// output channels that fill no word; a kernel too large for the tuned one. All is exact.
#include "engine/ops/packed_pixels/packed_pixels.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/ints.hpp"
#include "engine/base/rng.hpp"
#include "engine/quant/fold.hpp"
#include "tests/cases/op_case.hpp"
#include "tests/cases/packed_inputs.hpp"

namespace lowtide::cases {
namespace {

struct Row {
  Shape x;
  uint32_t k;
  uint32_t w_bits;
  ops::PackedPixelsOpParams params;
};

// Odd levels; zero behind channel k.
CaseInput weights_input(graph::Graph& g, uint32_t rows, uint32_t k, uint32_t bits) {
  Rng rng(19, k);
  std::vector<double> levels(size_t{rows} * round_up(k, 32u));
  for (size_t i = 0; i < levels.size(); ++i) {
    if (i % round_up(k, 32u) < k) levels[i] = quant::weight_level(rng.below(quant::max_code(bits) + 1), bits);
  }
  return {g.input("w", f32_desc({rows, round_up(k, 32u)})), given(std::move(levels)), false};
}

// Batch norms that spread the accumulators over the codes; some descend, one is constant.
CaseInput thresholds_input(graph::Graph& g, const Row& row, double spread) {
  Rng rng(23, row.k);
  std::vector<quant::ChannelMap> maps(row.k);
  for (uint32_t i = 0; i < row.k; ++i) {
    quant::ActivationQuantizer& q = maps[i].quantizer;
    q = {.kind = row.params.output_activation, .bits = row.params.output_bits, .thresholds = {0.9f, 0.5f, 0.2f}};
    maps[i].multiplier = i % 7 == 6 ? 0.0f : static_cast<float>((i % 3 == 1 ? -1 : 1) * (0.2 + rng.uniform()) / spread);
    maps[i].offset = static_cast<float>((q.kind == kShift ? 0.0 : 0.5) + 0.3 * rng.normal());
  }
  const std::vector<int32_t> table = quant::fold_channels(maps);
  const uint32_t rows = quant::threshold_rows(row.params.output_activation, row.params.output_bits);
  return {g.input("thresholds", {DType::i32, {rows, row.k}}), given({table.begin(), table.end()}), false};
}

Result<CaseGraph> build(graph::Graph& g, const Row& row) {
  const ops::PackedPixelsOpParams& p = row.params;
  const uint32_t terms = p.kernel_h * p.kernel_w * row.x.last();
  CaseGraph out;
  out.inputs = {{g.input("x", {DType::u8, row.x}), integers(0, 255), false},
                weights_input(g, terms, row.k, row.w_bits)};
  if (p.output == ops::PackedOutput::codes) {
    out.inputs.push_back(thresholds_input(g, row, 150 * quant::max_code(row.w_bits) * std::sqrt(terms)));
  } else {
    out.inputs.push_back({g.input("multiplier", f32_desc({row.k})), uniform(-0.1, 0.1), false});
    out.inputs.push_back({g.input("offset", f32_desc({row.k})), uniform(-1, 1), false});
  }
  std::vector<ValueId> further;
  for (size_t i = 2; i < out.inputs.size(); ++i) further.push_back(out.inputs[i].id);
  LOWTIDE_TRY(const ValueId y,
              ops::packed_pixels(g, "conv", out.inputs[0].id, out.inputs[1].id, std::move(further), p));
  out.outputs = {y};
  return out;
}

ops::PackedPixelsOpParams kernel(uint32_t h, uint32_t w, uint32_t stride, uint32_t pad) {
  return {.kernel_h = h, .kernel_w = w, .stride_h = stride, .stride_w = stride, .pad_h = pad, .pad_w = pad};
}
ops::PackedPixelsOpParams to_codes(ops::PackedPixelsOpParams p, uint32_t bits, ActivationKind kind = kUnsigned) {
  p.output_bits = bits;
  p.output_activation = kind;
  return p;
}
ops::PackedPixelsOpParams to_real(ops::PackedPixelsOpParams p) {
  p.output = ops::PackedOutput::affine;
  p.output_scale = 0.37f;
  return p;
}

}  // namespace

std::vector<OpCase> packed_pixels_cases() {
  const Row rows[] = {{{1, 1, 1, 1}, 1, 1, to_codes(kernel(1, 1, 1, 0), 1, kSigns)},
                      {{2, 9, 8, 3}, 64, 1, to_codes(kernel(3, 3, 1, 0), 1, kSigns)},
                      {{2, 9, 8, 3}, 64, 2, to_codes(kernel(3, 3, 1, 1), 2)},
                      {{3, 8, 7, 1}, 33, 2, to_codes(kernel(5, 5, 1, 2), 4)},
                      {{1, 11, 9, 3}, 35, 8, to_codes(kernel(7, 7, 2, 3), 8)},
                      {{2, 7, 9, 4}, 6, 2, to_codes(kernel(3, 2, 2, 1), 2, kShift)},
                      {{2, 6, 5, 2}, 20, 4, to_codes(kernel(2, 3, 1, 4), 3, kShift)},
                      {{1, 12, 11, 5}, 40, 2, to_codes(kernel(11, 11, 4, 2), 2)},
                      {{2, 9, 8, 3}, 64, 1, to_real(kernel(3, 3, 1, 1))},
                      {{1, 9, 7, 1}, 37, 2, to_real(kernel(5, 4, 3, 0))},
                      {{1, 13, 12, 5}, 3, 1, to_real(kernel(9, 9, 2, 1))}};
  std::vector<OpCase> cases;
  for (const Row& row : rows) {
    const ops::PackedPixelsOpParams& p = row.params;
    cases.push_back({.name = fmt::format("packed_pixels/{}/{}x{}/stride{}_pad{}/w{}_k{}/{}", to_string(row.x),
                                         p.kernel_h, p.kernel_w, p.stride_h, p.pad_h, row.w_bits, row.k,
                                         p.output == ops::PackedOutput::affine ? "f32" : std::to_string(p.output_bits)),
                     .build = [row](graph::Graph& g) { return build(g, row); },
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  return cases;
}

}  // namespace lowtide::cases
