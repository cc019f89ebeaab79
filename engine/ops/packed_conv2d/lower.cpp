// SPDX-License-Identifier: Apache-2.0
// Lowering of packed layers: the tuned kernel where its preconditions hold, else the naive one.
#include <algorithm>
#include <bit>

#include "engine/ops/packed_conv2d/lower_variants.hpp"
#include "engine/ops/packed_conv2d/packed_kernel.hpp"
#include "engine/ops/select.hpp"
#include "gen/kernels/packed_conv2d.hpp"

namespace lowtide::ops {

shaders::PackedConv2dParams packed_params(const PackedLayer& l) {
  const PackedConv2dOpParams& p = l.params;
  return {.pixels = l.n * l.oh * l.ow,
          .h = l.h,
          .w = l.w,
          .c = l.c,
          .oh = l.oh,
          .ow = l.ow,
          .k = l.k,
          .kernel_h = p.kernel_h,
          .kernel_w = p.kernel_w,
          .stride_h = p.stride_h,
          .stride_w = p.stride_w,
          .pad_h = p.pad_h,
          .pad_w = p.pad_w,
          .dilation_h = p.dilation_h,
          .dilation_w = p.dilation_w,
          .group_c = l.group_c(),
          .group_k = l.group_k(),
          .x_planes = l.x_bits,
          .w_planes = l.w_bits,
          .activation = static_cast<uint32_t>(p.activation),
          .weight = static_cast<uint32_t>(p.weight),
          .output_activation = static_cast<uint32_t>(p.output_activation),
          .output_bits = p.output_bits,
          .has_affine = p.output == PackedOutput::affine,
          .output_scale = p.output_scale};
}

namespace {

using graph::LowerTarget;
using graph::Node;

// Largest divisor of `count` that is not above `limit`, at least 1.
uint32_t unroll_of(uint32_t count, uint32_t limit) {
  for (uint32_t d = std::min(count, limit); d > 1; --d) {
    if (count % d == 0) return d;
  }
  return 1;
}

// Body of the loops over taps and words: at most kBodyWords words of x per iteration, each met by `block` weights. On
// llvmpipe, 64 -> 64 channels at 56x56: 0.52 T multiply-adds/s with 4, 0.78 with 8, 0.96 with 18 (a loop blends every
// accumulator in each iteration); with 24 and more, 256 -> 256 channels at 14x14 fall from 0.84 to 0.50.
constexpr uint32_t kBodyWords = 18;

// The same kernels with loops of other bodies, for tuning; the first one is the rule's.
struct Body {
  const char* name;
  uint32_t words;
};
constexpr Body kBodies[] = {{"unrolled", kBodyWords}, {"unrolled_4", 4}, {"unrolled_9", 9}, {"unrolled_36", 36}};
uint32_t choose_body(const LowerTarget& target) {
  for (const Body& body : kBodies) {
    if (takes(target, body.name, true)) return body.words;
  }
  return kBodyWords;
}

// Of window_loop.glsl.
template <class Spec>
void set_walk(Spec& spec, const PackedLayer& l, uint32_t words) requires requires {
  spec.unroll;
}
{
  const uint32_t full = std::max(1u, l.weights().full_words());
  spec.unroll = ceil_div(full, ceil_div(full, words));
}

// Of pixel_loop.glsl.
template <class Spec>
void set_walk(Spec& spec, const PackedLayer& l, uint32_t words) {
  const PackedConv2dOpParams& p = l.params;
  spec.group_k = l.group_k();
  spec.unroll_c = unroll_of(l.c_words(), words);
  words = p.output == PackedOutput::tap_scaled ? 1 : words / spec.unroll_c;  // each tap ends on its own
  spec.unroll_w = unroll_of(p.kernel_w, std::max(1u, words));
  words /= spec.unroll_w;
  spec.unroll_h = spec.unroll_w == p.kernel_w ? unroll_of(p.kernel_h, std::max(1u, words)) : 1;
}

// `products`: bit counts for one word of x met by one word of w.
template <class Spec>
void set_spec(Spec& spec, const PackedLayer& l, uint32_t products, uint32_t body) {
  const PackedConv2dOpParams& p = l.params;
  spec.block = l.k > 16 ? 32 : l.k > 8 ? 16 : l.k > 4 ? 8 : 4;
  spec.kernel_h = p.kernel_h;
  spec.kernel_w = p.kernel_w;
  spec.channels = l.group_c();
  spec.x_planes = l.x_bits;
  spec.w_planes = l.w_bits;
  spec.linear_thresholds = linear_thresholds(p.output, p.output_activation, p.output_bits);
  spec.oh = l.oh;
  spec.ow = l.ow;
  spec.k_count = l.k;
  set_walk(spec, l, std::max(1u, body / products));
}

// Words that forward_signed counts for one word of x and one of w: pairs of planes of magnitudes and of two's
// complement, or the planes of products of exponents.
uint32_t signed_products(const PackedLayer& l) {
  const bool x_shifts = l.params.activation == quant::ActivationKind::shift;
  const bool w_shifts = l.params.weight == quant::WeightKind::shift;
  const uint32_t x = x_shifts ? quant::shift_magnitudes(l.x_bits) : l.x_bits;
  const uint32_t w = w_shifts ? quant::shift_magnitudes(l.w_bits) + 1 : l.w_bits;
  return x_shifts && w_shifts && x > 1 ? x + w - 1 : x * w;
}

bool has_signed_levels(const PackedLayer& l) {
  return l.params.activation == quant::ActivationKind::shift || l.params.weight != quant::WeightKind::odd_levels;
}

bool is_tuned_possible(const PackedLayer& l) {
  return l.params.groups == 1 || (l.group_c() % 32 == 0 && l.group_k() % 32 == 0);
}

template <class Kernel>
void add_tuned(const Kernel& kernel, const PackedLayer& l, DispatchList& out) {
  const auto params = packed_params(l);
  Groups groups = groups_for(params.pixels, kernel.local_size);
  groups.z = ceil_div(l.k, uint32_t{kernel.spec.block});
  out.add(kernel, params, groups);
}

// One dispatch of `kernel`, whose bindings are set.
template <class Kernel>
void add_forward(Kernel kernel, const PackedLayer& l, uint32_t body, DispatchList& out) {
  set_spec(kernel.spec, l, l.x_bits * l.w_bits, body);
  kernel.spec.is_signs = l.params.activation == quant::ActivationKind::signs;
  add_tuned(kernel, l, out);
}
template <class Kernel>
void add_signed(Kernel kernel, const PackedLayer& l, uint32_t body, DispatchList& out) {
  set_spec(kernel.spec, l, signed_products(l), body);
  kernel.spec.kinds = 3 * static_cast<uint32_t>(l.params.weight) + static_cast<uint32_t>(l.params.activation);
  add_tuned(kernel, l, out);
}

// Words of x under the kernel that an invocation of forward_held keeps, and products of words for one output channel:
// 3x3 kernels on 512 channels of signs, or on 256 of 2 bits. Compiling such a kernel takes llvmpipe two seconds, once.
constexpr uint32_t kHeldWords = 144, kHeldProducts = 288;

}  // namespace

// forward_held pays where a load that differs between lanes is a gather and spilled registers lie in a core's cache: on
// software devices.
bool is_held(const PackedLayer& l, const LowerTarget& target) {
  const uint64_t words = uint64_t{l.params.kernel_h} * l.params.kernel_w * l.c_words() * l.x_bits;
  return target.caps.is_software() && l.params.groups == 1 && l.c % 32 == 0 && l.k % 32 == 0 && words <= kHeldWords &&
         words * l.w_bits <= kHeldProducts && !has_signed_levels(l);
}

namespace {

template <class Kernel>
void add_held(Kernel kernel, const PackedLayer& l, DispatchList& out, float lo = 0, float hi = 0) {
  const PackedConv2dOpParams& p = l.params;
  kernel.spec = {.kernel_h = p.kernel_h,
                 .kernel_w = p.kernel_w,
                 .c_words = l.c_words(),
                 .x_planes = l.x_bits,
                 .w_planes = l.w_bits,
                 .linear_thresholds = linear_thresholds(p.output, p.output_activation, p.output_bits),
                 .oh = l.oh,
                 .ow = l.ow,
                 .k_count = l.k,
                 .is_signs = p.activation == quant::ActivationKind::signs};
  auto params = packed_params(l);
  params.lo = lo;
  params.hi = hi;
  Groups groups = groups_for(params.pixels, kernel.local_size);
  groups.z = l.k / 32;
  out.add(kernel, params, groups);
}

// Planes of a counter that holds the largest sum of forward_depthwise's, of positive or of negative terms.
uint32_t counter_planes(const PackedLayer& l) {
  const bool x_shifts = l.params.activation == quant::ActivationKind::shift;
  const bool w_shifts = l.params.weight == quant::WeightKind::shift;
  const uint32_t x_terms = x_shifts ? quant::shift_magnitudes(l.x_bits) : l.x_bits;
  const uint32_t w_terms = w_shifts ? quant::shift_magnitudes(l.w_bits) + 1 : l.w_bits;
  const uint64_t taps = uint64_t{l.params.kernel_h} * l.params.kernel_w;
  return static_cast<uint32_t>(std::bit_width((taps * ((uint64_t{1} << x_terms) - 1)) << w_terms));
}

bool is_depthwise(const PackedLayer& l) {
  constexpr uint32_t kMostCounterPlanes = 24;
  const bool is_plain = l.params.groups == l.c && l.c == l.k && l.params.output != PackedOutput::tap_scaled;
  return is_plain && l.k > 1 && counter_planes(l) <= kMostCounterPlanes;
}

// Depthwise, 32 channels at once; the bindings of `kernel` but for the weights are set.
template <class Kernel>
void add_depthwise(Kernel kernel, const PackedLayer& l, ValueId w, DispatchList& out) {
  const auto params = packed_params(l);
  const uint32_t words = ceil_div(l.k, 32u);
  const uint64_t sliced_words = uint64_t{params.kernel_h} * params.kernel_w * words * l.w_bits;
  kernel.sliced = out.scratch(sliced_words * 4);
  const kernels::packed_conv2d_forward_bit_slice slice{.w = w, .sliced = kernel.sliced};
  out.add(slice, params, groups_for(sliced_words, slice.local_size));
  kernel.spec.x_planes = l.x_bits;
  kernel.spec.w_planes = l.w_bits;
  kernel.spec.kinds = 3 * static_cast<uint32_t>(l.params.weight) + static_cast<uint32_t>(l.params.activation);
  kernel.spec.counter_planes = counter_planes(l);
  out.add(kernel, params, groups_for(uint64_t{params.pixels} * words, kernel.local_size));
}

// Words of a filter's run belong to several taps, and no tap ends on its own.
bool needs_window(const PackedLayer& l) {
  return l.group_c() % 32 != 0 && l.params.output != PackedOutput::tap_scaled;
}

// The first kernel of the list that fits; `bind` sets its bindings.
template <class Plain, class Signed, class PlainWindow, class SignedWindow, class Naive, class Bind>
void add_first_fit(const PackedLayer& l, const LowerTarget& target, const Bind& bind, DispatchList& out) {
  if (target.naive_only || !is_tuned_possible(l)) {
    const Naive naive = bind(Naive{});
    const auto params = packed_params(l);
    const uint32_t items = l.params.output == PackedOutput::codes ? ceil_div(l.k, 32u) : l.k;
    out.add(naive, params, groups_for(uint64_t{params.pixels} * items, naive.local_size));
    return;
  }
  const uint32_t body = choose_body(target);
  if (needs_window(l)) {
    if (has_signed_levels(l)) return add_signed(bind(SignedWindow{}), l, body, out);
    return add_forward(bind(PlainWindow{}), l, body, out);
  }
  if (has_signed_levels(l)) return add_signed(bind(Signed{}), l, body, out);
  add_forward(bind(Plain{}), l, body, out);
}

Result<void> lower_by_popcount(const Node& node, const PackedLayer& l, const LowerTarget& target, DispatchList& out) {
  using namespace kernels;
  const ValueId w = node.in(1);
  const auto bind = [&](auto kernel) {
    kernel.x = node.in(0);
    if constexpr (requires { kernel.w; }) kernel.w = w;
    if constexpr (requires { kernel.thresholds; }) kernel.thresholds = node.in(2);
    if constexpr (requires { kernel.tap_scale; }) kernel.tap_scale = node.in(2);
    if constexpr (requires { kernel.multiplier; }) {
      // Without an affine step its bindings get w, which the kernel then does not read through them.
      const bool has_affine = l.params.output == PackedOutput::affine;
      kernel.multiplier = has_affine ? node.in(2) : w;
      kernel.offset = has_affine ? node.in(3) : w;
    }
    kernel.y = node.out();
    return kernel;
  };
  const bool is_packed = l.params.output == PackedOutput::codes;
  if (l.params.output != PackedOutput::tap_scaled && takes(target, "held", is_held(l, target))) {
    if (is_packed) {
      add_held(bind(packed_conv2d_forward_held{}), l, out);
    } else {
      add_held(bind(packed_conv2d_forward_held_f32{}), l, out);
    }
    return {};
  }
  if (takes(target, "depthwise", is_depthwise(l))) {
    if (is_packed) {
      add_depthwise(bind(packed_conv2d_forward_depthwise{}), l, w, out);
    } else {
      add_depthwise(bind(packed_conv2d_forward_depthwise_f32{}), l, w, out);
    }
    return {};
  }
  if (is_packed) {
    add_first_fit<packed_conv2d_forward, packed_conv2d_forward_signed, packed_conv2d_forward_window,
                  packed_conv2d_forward_signed_window, packed_conv2d_forward_naive>(l, target, bind, out);
  } else if (l.params.output == PackedOutput::tap_scaled) {
    using Taps = packed_conv2d_forward_taps;
    using SignedTaps = packed_conv2d_forward_signed_taps;
    add_first_fit<Taps, SignedTaps, Taps, SignedTaps, packed_conv2d_forward_naive_taps>(l, target, bind, out);
  } else {
    add_first_fit<packed_conv2d_forward_f32, packed_conv2d_forward_signed_f32, packed_conv2d_forward_window_f32,
                  packed_conv2d_forward_signed_window_f32, packed_conv2d_forward_naive_f32>(l, target, bind, out);
  }
  return {};
}

}  // namespace

Result<void> lower_packed_layer(const Node& node, const PackedLayer& l, const LowerTarget& target, DispatchList& out) {
  if (lower_variant(node, l, target, out)) return {};
  LOWTIDE_TRY_VOID(lower_by_popcount(node, l, target, out));
  offer_variants(l, target);
  return {};
}

void lower_residual(const Node& node, const PackedLayer& l, float lo, float hi, const LowerTarget& target,
                    DispatchList& out) {
  const auto set = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.w = node.in(1);
    kernel.multiplier = node.in(2);
    kernel.offset = node.in(3);
    kernel.shortcut = node.in(4);
    kernel.y = node.outputs[0];
    kernel.codes = node.outputs[1];
    return kernel;
  };
  if (!target.naive_only && is_held(l, target)) {
    add_held(set(kernels::packed_conv2d_forward_held_residual{}), l, out, lo, hi);
    return;
  }
  auto params = packed_params(l);
  params.lo = lo;
  params.hi = hi;
  const auto naive = set(kernels::packed_conv2d_forward_residual_naive{});
  out.add(naive, params, groups_for(uint64_t{params.pixels} * ceil_div(l.k, 32u), naive.local_size));
}

}  // namespace lowtide::ops
