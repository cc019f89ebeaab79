// SPDX-License-Identifier: Apache-2.0
// The list of variants and their dispatches.
#include "engine/ops/packed_conv2d/lower_variants.hpp"

#include <algorithm>

#include "engine/ops/packed_conv2d/lower_matrix.hpp"
#include "engine/ops/select.hpp"
#include "gen/kernels/packed_conv2d.hpp"

namespace lowtide::ops {

bool has_whole_words(const PackedLayer& l) {
  const bool has_tiles = l.params.groups == 1 || l.group_k() % 32 == 0;
  return l.group_c() % 32 == 0 && has_tiles && l.params.output != PackedOutput::tap_scaled;
}

uint32_t packed_kinds(const PackedLayer& l) {
  return 3 * static_cast<uint32_t>(l.params.weight) + static_cast<uint32_t>(l.params.activation);
}

namespace {

using graph::LowerTarget;
using graph::Node;

// Workgroups of `tile` pixels along x and y, of `channels` output channels along z.
Groups tiles_of(const PackedLayer& l, uint32_t tile, uint32_t channels) {
  Groups groups = groups_for(ceil_div(uint64_t{l.n} * l.oh * l.ow, uint64_t{tile}), 1);
  groups.z = ceil_div(l.k, channels);
  return groups;
}

template <class Kernel>
void add_dot(const Node& node, const PackedLayer& l, uint32_t quads, DispatchList& out) {
  auto kernel = with_bindings<Kernel>(node, l);
  kernel.spec.quads = quads;
  kernel.spec.x_planes = l.x_bits;
  kernel.spec.w_planes = l.w_bits;
  kernel.spec.kinds = packed_kinds(l);
  out.add(kernel, packed_params(l), tiles_of(l, 32 * quads, 32));
}

void lower_dot(const Node& node, const PackedLayer& l, uint32_t quads, DispatchList& out) {
  if (l.params.output == PackedOutput::codes) {
    add_dot<kernels::packed_conv2d_forward_dot>(node, l, quads, out);
  } else {
    add_dot<kernels::packed_conv2d_forward_dot_f32>(node, l, quads, out);
  }
}

// Pixels of a workgroup of forward_ballot: accumulators of an invocation.
constexpr uint32_t kBallotPixels = 8;

bool fits_ballot(const PackedLayer& l, const DeviceCaps& caps) {
  const bool counts_pairs =
      l.params.activation != quant::ActivationKind::shift && l.params.weight == quant::WeightKind::odd_levels;
  return counts_pairs && caps.max_subgroup_size <= 64 && caps.has(bit(Feature::subgroup_ballot));
}

template <class Kernel>
void add_ballot(const Node& node, const PackedLayer& l, const DeviceCaps& caps, DispatchList& out) {
  auto kernel = with_bindings<Kernel>(node, l);
  kernel.spec.width = l.k > 32 ? 64 : std::max(32u, caps.max_subgroup_size);
  kernel.spec.pixels = kBallotPixels;
  kernel.spec.x_planes = l.x_bits;
  kernel.spec.w_planes = l.w_bits;
  kernel.spec.is_signs = l.params.activation == quant::ActivationKind::signs;
  kernel.spec.has_groups = l.params.groups > 1;
  out.add(kernel, packed_params(l), tiles_of(l, kBallotPixels, kernel.spec.width));
}

void lower_ballot(const Node& node, const PackedLayer& l, const DeviceCaps& caps, DispatchList& out) {
  if (l.params.output == PackedOutput::codes) {
    add_ballot<kernels::packed_conv2d_forward_ballot>(node, l, caps, out);
  } else {
    add_ballot<kernels::packed_conv2d_forward_ballot_f32>(node, l, caps, out);
  }
}

}  // namespace

bool lower_variant(const Node& node, const PackedLayer& l, const LowerTarget& target, DispatchList& out) {
  if (takes(target, "matrix", target.wanted == "matrix" || prefers_matrix(l, target.caps))) {
    lower_matrix(node, l, target.caps, out);
    return true;
  }
  if (target.wanted == "dot") {
    lower_dot(node, l, 1, out);
  } else if (target.wanted == "dot_64") {
    lower_dot(node, l, 2, out);
  } else if (target.wanted == "ballot") {
    lower_ballot(node, l, target.caps, out);
  } else {
    return false;
  }
  return true;
}

void offer_variants(const PackedLayer& l, const LowerTarget& target) {
  if (target.fitting == nullptr || !has_whole_words(l)) return;
  const DeviceCaps& caps = target.caps;
  const auto offer = [&](const char* name, bool fits) { static_cast<void>(takes(target, name, fits)); };
  offer("dot", caps.has(bit(Feature::integer_dot)));
  offer("dot_64", caps.has(bit(Feature::integer_dot)));
  offer("ballot", fits_ballot(l, caps));
  offer("matrix", fits_matrix(l, caps) && !prefers_matrix(l, caps));
}

}  // namespace lowtide::ops
