// SPDX-License-Identifier: Apache-2.0
// Reference of quantize_weight_group: the functions of the single ops, tensor by tensor.
#include <algorithm>
#include <cmath>

#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize/weight_group.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// A node of the single ops with the parameters of the group.
graph::Node single(const Operands& o) {
  const auto group = o.node.params<ops::QuantizeWeightGroupOpParams>();
  const ops::QuantizeWeightsOpParams params = {.bits = group.bits, .detach_maximum = group.detach_maximum};
  graph::Node node;
  node.set_params(&params, sizeof params);
  return node;
}

}  // namespace

void quantize_weight_group(const Operands& o) {
  const graph::Node node = single(o);
  const std::span<double> maxima = o.outputs[0];
  for (size_t i = 0; i < maxima.size(); ++i) {
    const std::span<const double> w = o.inputs[ops::kFirstInGroup + i];
    maxima[i] = 0;
    for (const double element : w) maxima[i] = std::max(maxima[i], std::abs(element));
    quantize_weights({.node = node,
                      .graph = o.graph,
                      .step = o.step,
                      .inputs = {w, maxima.subspan(i, 1)},
                      .outputs = {o.outputs[i + 1]}});
  }
}

void quantize_weight_group_backward_input(const Operands& o) {
  const graph::Node node = single(o);
  for (size_t i = 0; i < o.outputs.size(); ++i) {
    const size_t w = ops::kFirstInGroupBackward + i;
    const uint32_t index = ops::index_in_group(o.graph, o.node.in(2), o.node.in(w));
    const std::vector<double> dlevels(o.outputs[i].begin(), o.outputs[i].end());
    quantize_weights_backward_input({.node = node,
                                     .graph = o.graph,
                                     .step = o.step,
                                     .inputs = {o.inputs[w], o.inputs[2].subspan(index, 1), dlevels},
                                     .outputs = {o.outputs[i]}});
  }
}

}  // namespace lowtide::reference
