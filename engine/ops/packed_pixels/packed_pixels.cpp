// SPDX-License-Identifier: Apache-2.0
// packed_pixels: shape rule and lowering.
#include "engine/ops/packed_pixels/packed_pixels.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/packed_conv2d/packed_kernel.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/select.hpp"
#include "engine/quant/fold.hpp"
#include "gen/kernels/packed_pixels.hpp"
#include "shaders/packed_pixels/packed_pixels.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = PackedPixelsOpParams;

constexpr graph::ParamField kFields[] = {{"output", offsetof(Params, output), FieldType::u32},
                                         {"output_activation", offsetof(Params, output_activation), FieldType::u32},
                                         {"output_bits", offsetof(Params, output_bits), FieldType::u32},
                                         {"output_scale", offsetof(Params, output_scale), FieldType::f32},
                                         {"kernel_h", offsetof(Params, kernel_h), FieldType::u32},
                                         {"kernel_w", offsetof(Params, kernel_w), FieldType::u32},
                                         {"stride_h", offsetof(Params, stride_h), FieldType::u32},
                                         {"stride_w", offsetof(Params, stride_w), FieldType::u32},
                                         {"pad_h", offsetof(Params, pad_h), FieldType::u32},
                                         {"pad_w", offsetof(Params, pad_w), FieldType::u32}};

constexpr uint64_t kMaxElements = uint64_t{1} << 31;  // kernels count them in 32 bits

tl::unexpected<Error> refuse(const Node& node, std::string text) {
  return fail(ErrorCode::invalid_argument, fmt::format("'{}': {}", node.name, text));
}

// k, the output channels, from the further inputs.
Result<uint32_t> output_channels(const Node& node, const Graph& graph, const Params& p) {
  const bool is_codes = p.output == PackedOutput::codes;
  if (!is_codes && p.output != PackedOutput::affine) return refuse(node, "gives codes or the affine output");
  check_input_count(node, is_codes ? 3 : 4);
  const TensorDesc& first = graph.desc(node.in(2));
  const uint32_t k = first.shape.rank() == 0 ? 0 : first.shape.last();
  if (is_codes &&
      (p.output_activation > quant::ActivationKind::shift || !quant::has_bits(p.output_activation, p.output_bits))) {
    return refuse(node, fmt::format("codes of {} bits are none of that kind", p.output_bits));
  }
  const TensorDesc wanted =
      is_codes ? TensorDesc{DType::i32, {quant::threshold_rows(p.output_activation, p.output_bits), k}} : f32_desc({k});
  for (size_t i = 2; i < node.inputs.size(); ++i) {
    if (k > 0 && graph.desc(node.in(i)) == wanted) continue;
    return refuse(node,
                  fmt::format("thresholds, or multiplier and offset, must be {} of 1 or more output channels, but "
                              "one is {}",
                              to_string(wanted), to_string(graph.desc(node.in(i)))));
  }
  return k;
}

Descs infer(const Node& node, const Graph& graph) {
  const auto p = node.params<Params>();
  LOWTIDE_TRY(const uint32_t k, output_channels(node, graph, p));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::u8, "x of packed_pixels"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "x of packed_pixels"));
  const Shape& x = graph.desc(node.in(0)).shape;
  const uint32_t oh = kernel_positions(x[1], p.kernel_h, p.stride_h, p.pad_h, 1);
  const uint32_t ow = kernel_positions(x[2], p.kernel_w, p.stride_w, p.pad_w, 1);
  if (x.element_count() == 0 || oh == 0 || ow == 0) {
    return refuse(node,
                  fmt::format("a {}x{} kernel with padding {}x{} and stride {}x{} has no place on {}", p.kernel_h,
                              p.kernel_w, p.pad_h, p.pad_w, p.stride_h, p.stride_w, to_string(graph.desc(node.in(0)))));
  }
  const Shape y = {x[0], oh, ow, k};
  const Shape padded = {x[0], oh, ow, round_up(k, 32u)};
  const uint64_t rows = uint64_t{p.kernel_h} * p.kernel_w * x[3];
  if (x.element_count() >= kMaxElements || padded.element_count() >= kMaxElements || rows >= kMaxElements) {
    return refuse(node, "2^31 elements or more; use a smaller batch");
  }
  const TensorDesc wanted = f32_desc({static_cast<uint32_t>(rows), padded.last()});
  if (graph.desc(node.in(1)) != wanted) {
    return refuse(node,
                  fmt::format("weights must be {}, but are {}", to_string(wanted), to_string(graph.desc(node.in(1)))));
  }
  return std::vector{TensorDesc{p.output == PackedOutput::codes ? packed_dtype(p.output_bits) : DType::f32, y}};
}

shaders::PackedPixelsParams kernel_params(const Node& node, const Graph& graph) {
  const auto p = node.params<Params>();
  const Shape& x = graph.desc(node.in(0)).shape;
  const Shape& y = graph.desc(node.out()).shape;
  return {.pixels = y[0] * y[1] * y[2],
          .last_word = narrow<uint32_t>((x.element_count() - 1) / 4),
          .h = x[1],
          .w = x[2],
          .c = x[3],
          .oh = y[1],
          .ow = y[2],
          .kernel_h = p.kernel_h,
          .kernel_w = p.kernel_w,
          .stride_h = p.stride_h,
          .stride_w = p.stride_w,
          .pad_h = p.pad_h,
          .pad_w = p.pad_w,
          .w_row = graph.desc(node.in(1)).shape[1],
          .k = y[3],
          .output_activation = static_cast<uint32_t>(p.output_activation),
          .output_bits = p.output_bits,
          .has_affine = p.output == PackedOutput::affine,
          .output_scale = p.output_scale};
}

// `held` and `naive` with their bindings but for x and w.
template <class Held, class Naive>
void add_first_fit(Held held, Naive naive, const Node& node, const Graph& graph, const LowerTarget& target,
                   DispatchList& out) {
  const shaders::PackedPixelsParams params = kernel_params(node, graph);
  const auto p = node.params<Params>();
  if (takes(target, "held", graph.desc(node.in(1)).shape[0] <= kMostHeldPixels)) {
    held.x = node.in(0);
    held.w = node.in(1);
    held.spec.kernel_h = p.kernel_h;
    held.spec.kernel_w = p.kernel_w;
    held.spec.channels = params.c;
    held.spec.linear_thresholds = linear_thresholds(p.output, p.output_activation, p.output_bits);
    held.spec.oh = params.oh;
    held.spec.ow = params.ow;
    held.spec.k_count = params.k;
    held.spec.w_row = params.w_row;
    Groups groups = groups_for(params.pixels, held.local_size);
    groups.z = params.w_row / 32;
    out.add(held, params, groups);
    return;
  }
  naive.x = node.in(0);
  naive.w = node.in(1);
  const uint32_t items = p.output == PackedOutput::codes ? params.w_row / 32 : params.k;
  out.add(naive, params, groups_for(uint64_t{params.pixels} * items, naive.local_size));
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const ValueId y = node.out();
  if (node.params<Params>().output == PackedOutput::codes) {
    const ValueId t = node.in(2);
    add_first_fit(kernels::packed_pixels_forward_held{.thresholds = t, .y = y},
                  kernels::packed_pixels_forward_naive{.thresholds = t, .y = y}, node, graph, target, out);
    return {};
  }
  const ValueId m = node.in(2), b = node.in(3);
  add_first_fit(kernels::packed_pixels_forward_held_f32{.multiplier = m, .offset = b, .y = y},
                kernels::packed_pixels_forward_naive_f32{.multiplier = m, .offset = b, .y = y}, node, graph, target,
                out);
  return {};
}

graph::Cost cost(const Node& node, const Graph& graph) {
  graph::Cost cost = {.multiply_adds = graph.desc(node.out()).shape.element_count() * graph.desc(node.in(1)).shape[0]};
  for (const ValueId id : node.inputs) cost.bytes += graph.desc(id).bytes();
  cost.bytes += graph.desc(node.out()).bytes();
  return cost;
}

}  // namespace

const graph::OpInfo kPackedPixelsOp = {.name = "packed_pixels",
                                       .fields = kFields,
                                       .param_bytes = sizeof(Params),
                                       .infer = infer,
                                       .lower = lower,
                                       .cost = cost,
                                       .is_exact = true};

Result<ValueId> packed_pixels(Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const Params& params) {
  std::vector<ValueId> inputs = {x, w};
  inputs.insert(inputs.end(), further.begin(), further.end());
  return append_one(graph, kPackedPixelsOp, std::move(name), params, std::move(inputs));
}

}  // namespace lowtide::ops
