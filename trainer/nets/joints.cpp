// SPDX-License-Identifier: Apache-2.0
// The blocks without weights: pools, activations, shortcuts, dropout.
#include "engine/ops/add/add.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/concat/concat.hpp"
#include "engine/ops/dropout/dropout.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/global_average_pool/global_average_pool.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/relu/relu.hpp"
#include "trainer/nets/blocks.hpp"

namespace lowtide::trainer {

Signal activate(NetContext& net, const std::string& name, Signal x) {
  if (net.has_failed() || x.pending == Activation::none) return x;
  x.value = x.pending == Activation::relu ? net.keep(ops::relu(net.graph(), name, x.value))
                                          : net.keep(ops::clip(net.graph(), name, x.value, -1.0f, 1.0f));
  x.pending = Activation::none;
  return x;
}

Signal max_pool(NetContext& net, const std::string& name, Signal x, uint32_t kernel, uint32_t stride,
                uint32_t padding) {
  if (net.has_failed()) return {};
  x.value = net.keep(ops::max_pool2d(net.graph(), name, x.value, ops::square_pool(kernel, stride, padding)));
  return x;
}

Signal global_average_pool(NetContext& net, const std::string& name, Signal x) {
  x = activate(net, name + "/x", x);
  if (net.has_failed()) return {};
  x.value = net.keep(ops::global_average_pool(net.graph(), name, x.value));
  return x;
}

Signal residual(NetContext& net, const std::string& name, Signal branch, Signal shortcut, Activation activation) {
  if (net.has_failed()) return {};
  LOWTIDE_CHECK(branch.pending == Activation::none && shortcut.pending == Activation::none,
                "a sum of tensors whose activations were not applied");
  return {.value = net.keep(ops::add(net.graph(), name, branch.value, shortcut.value)), .pending = activation};
}

Signal shortcut_without_parameters(NetContext& net, const std::string& name, Signal x, uint32_t channels,
                                   uint32_t stride) {
  if (net.has_failed()) return {};
  if (stride != 1) x = max_pool(net, name + "/stride", x, 1, stride);  // a window of one pixel: every stride-th pixel
  if (net.has_failed()) return {};
  const Shape shape = net.desc(x).shape;
  if (shape.last() >= channels) return x;
  const Shape missing{shape[0], shape[1], shape[2], channels - shape.last()};
  const ValueId zeros = net.keep(ops::fill(net.graph(), name + "/zeros", f32_desc(missing), 0.0f));
  if (net.has_failed()) return {};
  x.value = net.keep(ops::concat(net.graph(), name, {x.value, zeros}));
  return x;
}

Signal drop(NetContext& net, const std::string& name, Signal x) {
  const double probability = net.network().dropout;
  if (net.has_failed() || !net.is_training() || probability == 0) return x;
  x = activate(net, name + "/x", x);
  if (net.has_failed()) return {};
  x.value = net.keep(ops::dropout(net.graph(), name, x.value, static_cast<float>(probability), stream_of(name)));
  return x;
}

}  // namespace lowtide::trainer
