// SPDX-License-Identifier: Apache-2.0
// Branches out of ops. Merging happens in the unit of the input's levels, so that the convolution's static step stays
// one multiplication at its end.
#include "trainer/nets/expansion.hpp"

#include "engine/ops/add/add.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/ops/step_scale/step_scale.hpp"

namespace lowtide::trainer {
namespace {

// x with its dynamic scale applied, so that what remains is the static step.
LayerOperand without_scale(NetContext& net, const std::string& name, LayerOperand x) {
  if (net.has_failed() || !x.scale.is_valid()) return x;
  x.value = net.keep(ops::scale(net.graph(), name + "/real", x.value, x.scale));
  x.scale = {};
  return x;
}

// a + factor * f * branch.
ValueId add_branch(NetContext& net, const std::string& name, ValueId a, ValueId branch, float factor) {
  if (net.has_failed()) return {};
  const ValueId scaled = net.keep(ops::step_scale(net.graph(), name + "/branch", branch, factor));
  if (net.has_failed()) return {};
  return net.keep(ops::add(net.graph(), name + "/merge", a, scaled));
}

float sign_of(const NetContext& net) {
  return net.phase().expansion.merge == ExpansionMerge::subtract ? -1.0f : 1.0f;
}

}  // namespace

bool is_expanded(const NetContext& net, const LayerPrecision& precision, LayerPosition position) {
  const bool is_quantized = precision.weight_bits != kFloatBits || precision.activation_bits != kFloatBits;
  return net.is_training() && net.phase().expansion.merge != ExpansionMerge::none && is_quantized &&
         position == LayerPosition::inner;
}

LayerInput merged_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision) {
  Signal plain = x;
  plain.branch = {};
  LayerInput out = {.main = layer_input(net, layer, plain, precision)};
  if (net.has_failed() || !x.branch.is_valid()) return out;
  const std::string name = layer + "/x";
  if (net.phase().expansion.merge == ExpansionMerge::concatenate) {
    out.beside.value = net.keep(ops::step_scale(net.graph(), name + "/branch", x.branch, 1.0f));
    return out;
  }
  out.main = without_scale(net, name, out.main);
  out.main.value = add_branch(net, name, out.main.value, x.branch, sign_of(net) / out.main.step);
  return out;
}

ValueId grow_branch(NetContext& net, LayerSpec spec, const LayerInput& x, const Multiply& multiply, uint32_t pool) {
  if (net.has_failed()) return {};
  spec.name += ".ancillary";
  spec.precision = {};  // full precision
  const size_t first = net.parameters().size();
  LayerProduct v = layer_product(net, spec, x, multiply);
  if (pool > 1) v.value = max_pool(net, spec.name + "/pool", {.value = v.value}, pool, pool).value;
  const ValueId branch = layer_norm(net, spec.name, v);
  net.set_hand_over(first, HandOver::optional);
  return branch;
}

ValueId merge_branch(NetContext& net, const std::string& name, ValueId activated, ValueId branch) {
  return branch.is_valid() ? add_branch(net, name, activated, branch, sign_of(net)) : activated;
}

}  // namespace lowtide::trainer
