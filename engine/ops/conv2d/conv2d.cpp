// SPDX-License-Identifier: Apache-2.0
// conv2d and its two gradient ops: shape rules, gradient rule, cost. Lowering is in lower.cpp.
#include "engine/ops/conv2d/conv2d.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/conv2d/geometry.hpp"
#include "engine/ops/conv2d/lower.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

using graph::Cost;
using graph::FieldType;
using graph::Graph;
using graph::Node;
using graph::ParamField;

// Kernels index with 32 bits, signed where padding is subtracted.
constexpr uint64_t kMaxElements = (uint64_t{1} << 31) - 1;
constexpr uint32_t kMaxStep = 4096;  // stride, padding, dilation, kernel extent: products stay far below 2^31

#define LOWTIDE_CONV2D_FIELDS                                                   \
  {"stride_h", offsetof(Conv2dParams, stride_h), FieldType::u32},               \
      {"stride_w", offsetof(Conv2dParams, stride_w), FieldType::u32},           \
      {"pad_h", offsetof(Conv2dParams, pad_h), FieldType::u32},                 \
      {"pad_w", offsetof(Conv2dParams, pad_w), FieldType::u32},                 \
      {"dilation_h", offsetof(Conv2dParams, dilation_h), FieldType::u32},       \
      {"dilation_w", offsetof(Conv2dParams, dilation_w), FieldType::u32},       \
      {"groups", offsetof(Conv2dParams, groups), FieldType::u32},               \
      {"output_scale", offsetof(Conv2dParams, output_scale), FieldType::f32}, { \
    "operands", offsetof(Conv2dParams, operands), FieldType::u32, true          \
  }
static_assert(offsetof(Conv2dAffineOpParams, conv) == 0 && offsetof(Conv2dBackwardInputParams, conv) == 0 &&
              offsetof(Conv2dBackwardWeightParams, conv) == 0);

constexpr ParamField kForwardFields[] = {LOWTIDE_CONV2D_FIELDS};
constexpr ParamField kAffineFields[] = {LOWTIDE_CONV2D_FIELDS,
                                        {"lo", offsetof(Conv2dAffineOpParams, lo), FieldType::f32},
                                        {"hi", offsetof(Conv2dAffineOpParams, hi), FieldType::f32}};
constexpr ParamField kBackwardInputFields[] = {LOWTIDE_CONV2D_FIELDS,
                                               {"h", offsetof(Conv2dBackwardInputParams, h), FieldType::u32},
                                               {"w", offsetof(Conv2dBackwardInputParams, w), FieldType::u32}};
constexpr ParamField kBackwardWeightFields[] = {LOWTIDE_CONV2D_FIELDS,
                                                {"r", offsetof(Conv2dBackwardWeightParams, r), FieldType::u32},
                                                {"s", offsetof(Conv2dBackwardWeightParams, s), FieldType::u32}};
#undef LOWTIDE_CONV2D_FIELDS

tl::unexpected<Error> refuse(const Node& node, std::string text) {
  return fail(ErrorCode::invalid_argument, fmt::format("convolution '{}': {}", node.name, std::move(text)));
}

Result<void> expect_tensor(const Node& node, const Graph& graph, ValueId id, const char* what) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, id, DType::f32, what));
  LOWTIDE_TRY_VOID(expect_rank(graph, id, 4, what));
  const uint64_t count = graph.desc(id).element_count();
  if (count > 0 && count <= kMaxElements) return {};
  return refuse(node, fmt::format("{} must have between 1 and {} elements, but is {}", what, kMaxElements,
                                  to_string(graph.desc(id))));
}

// Kernels read them a word at a time.
Result<void> expect_codes(const Node& node, const Graph& graph, ValueId id) {
  const TensorDesc& desc = graph.desc(id);
  const uint64_t count = desc.element_count();
  if (desc.dtype == DType::u8 && desc.shape.rank() == 4 && count > 0 && count <= kMaxElements && count % 4 == 0)
    return {};
  return refuse(node, "codes must be u8 of rank 4 and whole words, but are " + to_string(desc));
}

Result<void> expect_input(const Node& node, const Graph& graph, ValueId id) {
  if (graph.desc(id).dtype == DType::u8) return expect_codes(node, graph, id);
  return expect_tensor(node, graph, id, "the input");
}

Result<void> expect_params(const Node& node, const Conv2dParams& p, uint32_t r, uint32_t s) {
  for (const uint32_t value : {p.stride_h, p.stride_w, p.dilation_h, p.dilation_w, r, s}) {
    if (value >= 1 && value <= kMaxStep) continue;
    return refuse(
        node, fmt::format("strides, dilations and kernel extents must be in 1..{}, but one is {}", kMaxStep, value));
  }
  if (p.pad_h > kMaxStep || p.pad_w > kMaxStep) {
    return refuse(node, fmt::format("padding must be in 0..{}, but is {} by {}", kMaxStep, p.pad_h, p.pad_w));
  }
  return {};
}

// Output extent along one axis; 0 where the kernel does not fit.
uint32_t output_extent(uint32_t extent, uint32_t kernel, uint32_t stride, uint32_t pad, uint32_t dilation) {
  const uint64_t padded = uint64_t{extent} + 2 * uint64_t{pad}, reach = uint64_t{dilation} * (kernel - 1) + 1;
  return padded < reach ? 0 : static_cast<uint32_t>((padded - reach) / stride + 1);
}

// What x [n,h,w,c] and a kernel of k output channels and r x s taps make; errors name what does not fit.
Result<Shape> output_shape(const Node& node, const Conv2dParams& p, const Shape& x, uint32_t k, uint32_t r,
                           uint32_t s) {
  LOWTIDE_TRY_VOID(expect_params(node, p, r, s));
  if (p.groups == 0 || x[3] % p.groups != 0 || k % p.groups != 0) {
    return refuse(node, fmt::format("{} groups must divide {} input and {} output channels", p.groups, x[3], k));
  }
  const uint32_t oh = output_extent(x[1], r, p.stride_h, p.pad_h, p.dilation_h);
  const uint32_t ow = output_extent(x[2], s, p.stride_w, p.pad_w, p.dilation_w);
  if (oh == 0 || ow == 0) {
    return refuse(
        node, fmt::format("a kernel of {} by {} (dilation {} by {}) does not fit into {} with padding {} by {}", r, s,
                          p.dilation_h, p.dilation_w, to_string(x), p.pad_h, p.pad_w));
  }
  const Shape y = {x[0], oh, ow, k};
  if (y.element_count() > kMaxElements) return refuse(node, "the output " + to_string(y) + " is too large");
  return y;
}

Result<void> expect_output(const Node& node, const Graph& graph, ValueId dy, const Shape& wanted) {
  if (graph.desc(dy).shape == wanted) return {};
  return refuse(node, fmt::format("the output gradient must be {}, but is {}", to_string(f32_desc(wanted)),
                                  to_string(graph.desc(dy))));
}

// The callers check x.
Descs infer_sums(const Node& node, const Graph& graph, const Conv2dParams& p) {
  LOWTIDE_TRY_VOID(expect_tensor(node, graph, node.in(1), "the weight"));
  const Shape &x = graph.desc(node.in(0)).shape, &w = graph.desc(node.in(1)).shape;
  LOWTIDE_TRY(const Shape y, output_shape(node, p, x, w[0], w[1], w[2]));
  if (w[3] != x[3] / p.groups) {
    return refuse(node, fmt::format("the weight must have {} input channels per group, but is {}", x[3] / p.groups,
                                    to_string(w)));
  }
  return std::vector{f32_desc(y)};
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 2 || node.inputs.size() == 3, "conv2d takes 2 or 3 inputs");
  LOWTIDE_TRY_VOID(expect_input(node, graph, node.in(0)));
  LOWTIDE_TRY(auto descs, infer_sums(node, graph, node.params<Conv2dParams>()));
  if (node.inputs.size() == 2) return descs;
  LOWTIDE_TRY_VOID(expect_codes(node, graph, node.in(2)));
  if (graph.desc(node.in(2)).shape != graph.desc(node.in(0)).shape) return refuse(node, "codes of another shape");
  return descs;
}

Descs infer_affine(const Node& node, const Graph& graph) {
  const TensorDesc& x = graph.desc(node.in(0));
  const bool is_pixels = x.dtype == DType::u8;
  check_input_count(node, is_pixels ? 5 : 4);
  const auto p = node.params<Conv2dAffineOpParams>();
  if (!(p.lo <= p.hi)) return refuse(node, fmt::format("lo must not be above hi, but they are {} and {}", p.lo, p.hi));
  if (!is_pixels) LOWTIDE_TRY_VOID(expect_tensor(node, graph, node.in(0), "the input"));
  if (is_pixels && (x.shape.rank() != 4 || x.element_count() == 0 || x.element_count() > kMaxElements ||
                    graph.desc(node.in(4)) != f32_desc({x.shape[3], 256}))) {
    return refuse(node, fmt::format("pixels must be u8 [n, h, w, c] with a table f32[c, 256], but are {} with {}",
                                    to_string(x), to_string(graph.desc(node.in(4)))));
  }
  LOWTIDE_TRY(auto descs, infer_sums(node, graph, p.conv));
  const TensorDesc per_channel = f32_desc({descs.front().shape.last()});
  for (const size_t i : {size_t{2}, size_t{3}}) {
    if (graph.desc(node.in(i)) == per_channel) continue;
    return refuse(node, fmt::format("multiplier and offset must be {}, but one is {}", to_string(per_channel),
                                    to_string(graph.desc(node.in(i)))));
  }
  return descs;
}

Descs infer_backward_input(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_tensor(node, graph, node.in(0), "the weight"));
  LOWTIDE_TRY_VOID(expect_tensor(node, graph, node.in(1), "the output gradient"));
  const Shape &w = graph.desc(node.in(0)).shape, &dy = graph.desc(node.in(1)).shape;
  const auto p = node.params<Conv2dBackwardInputParams>();
  const uint64_t channels = uint64_t{w[3]} * p.conv.groups;
  if (channels > kMaxElements) return refuse(node, "too many groups");
  const Shape dx = {dy[0], p.h, p.w, static_cast<uint32_t>(channels)};
  if (dx.element_count() == 0 || dx.element_count() > kMaxElements) {
    return refuse(node, "the input gradient cannot be " + to_string(dx));
  }
  LOWTIDE_TRY(const Shape y, output_shape(node, p.conv, dx, w[0], w[1], w[2]));
  LOWTIDE_TRY_VOID(expect_output(node, graph, node.in(1), y));
  return std::vector{f32_desc(dx)};
}

Descs infer_backward_weight(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_input(node, graph, node.in(0)));
  LOWTIDE_TRY_VOID(expect_tensor(node, graph, node.in(1), "the output gradient"));
  const Shape &x = graph.desc(node.in(0)).shape, &dy = graph.desc(node.in(1)).shape;
  const auto p = node.params<Conv2dBackwardWeightParams>();
  LOWTIDE_TRY(const Shape y, output_shape(node, p.conv, x, dy[3], p.r, p.s));
  LOWTIDE_TRY_VOID(expect_output(node, graph, node.in(1), y));
  const Shape dw = {dy[3], p.r, p.s, x[3] / p.conv.groups};
  if (dw.element_count() > kMaxElements) return refuse(node, "the weight gradient cannot be " + to_string(dw));
  return std::vector{f32_desc(dw)};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId x = node.in(0), w = node.in(1), dy = builder.gradient(node.out());
  const ValueId kept = node.inputs.size() == 3 ? node.in(2) : x;
  Graph& graph = builder.graph();
  const auto p = node.params<Conv2dParams>();
  if (builder.needs_gradient(w)) {
    const Shape& shape = graph.desc(w).shape;
    const Conv2dBackwardWeightParams params = {.conv = p, .r = shape[1], .s = shape[2]};
    LOWTIDE_TRY(const ValueId dw,
                append_one(graph, kConv2dBackwardWeightOp, node.name + "/backward_weight", params, {kept, dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(w, dw));
  }
  if (builder.needs_gradient(x)) {
    const Shape& shape = graph.desc(x).shape;
    const Conv2dBackwardInputParams params = {.conv = p, .h = shape[1], .w = shape[2]};
    LOWTIDE_TRY(const ValueId dx,
                append_one(graph, kConv2dBackwardInputOp, node.name + "/backward_input", params, {w, dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(x, dx));
  }
  return {};
}

Cost cost(const Node& node, const Graph& graph) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  return {.multiply_adds = g.multiply_adds(), .bytes = 4 * (g.x_count() + g.w_count() + g.y_count())};
}

}  // namespace

Conv2dGeometry conv2d_geometry(const Node& node, const Graph& graph) {
  const bool is_affine = node.op == &kConv2dAffineOp;
  const bool is_forward = node.op == &kConv2dOp || is_affine, is_backward_input = node.op == &kConv2dBackwardInputOp;
  LOWTIDE_CHECK(is_forward || is_backward_input || node.op == &kConv2dBackwardWeightOp, "not a convolution");
  const Shape& x = graph.desc(is_backward_input ? node.out() : node.in(0)).shape;
  const Shape& y = graph.desc(is_forward ? node.out() : node.in(1)).shape;
  const Shape& w = graph.desc(is_forward ? node.in(1) : is_backward_input ? node.in(0) : node.out()).shape;
  const Conv2dParams p = is_affine           ? node.params<Conv2dAffineOpParams>().conv
                         : is_forward        ? node.params<Conv2dParams>()
                         : is_backward_input ? node.params<Conv2dBackwardInputParams>().conv
                                             : node.params<Conv2dBackwardWeightParams>().conv;
  const bool has_codes = graph.desc(node.in(0)).dtype == DType::u8;
  return {x[0], x[1], x[2], x[3], y[1], y[2], y[3], w[1], w[2], p, has_codes};
}

const graph::OpInfo kConv2dOp = {.name = "conv2d",
                                 .fields = kForwardFields,
                                 .param_bytes = sizeof(Conv2dParams),
                                 .infer = infer_forward,
                                 .differentiate = differentiate,
                                 .lower = lower_conv2d,
                                 .cost = cost};

const graph::OpInfo kConv2dAffineOp = {.name = "conv2d_affine",
                                       .fields = kAffineFields,
                                       .param_bytes = sizeof(Conv2dAffineOpParams),
                                       .infer = infer_affine,
                                       .lower = lower_conv2d_affine,
                                       .cost = cost};

const graph::OpInfo kConv2dBackwardInputOp = {.name = "conv2d_backward_input",
                                              .fields = kBackwardInputFields,
                                              .param_bytes = sizeof(Conv2dBackwardInputParams),
                                              .infer = infer_backward_input,
                                              .lower = lower_conv2d_backward_input,
                                              .cost = cost};

const graph::OpInfo kConv2dBackwardWeightOp = {.name = "conv2d_backward_weight",
                                               .fields = kBackwardWeightFields,
                                               .param_bytes = sizeof(Conv2dBackwardWeightParams),
                                               .infer = infer_backward_weight,
                                               .lower = lower_conv2d_backward_weight,
                                               .cost = cost};

Result<ValueId> conv2d(Graph& graph, std::string name, ValueId x, ValueId w, const Conv2dParams& params) {
  return append_one(graph, kConv2dOp, std::move(name), params, {x, w});
}

}  // namespace lowtide::ops
