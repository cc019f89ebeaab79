// SPDX-License-Identifier: Apache-2.0
// The blocks without weights: pools, activations, shortcuts, dropout.
#include <fmt/format.h>

#include "engine/ops/absolute/absolute.hpp"
#include "engine/ops/add/add.hpp"
#include "engine/ops/bias/bias.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/concat/concat.hpp"
#include "engine/ops/dropout/dropout.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/global_average_pool/global_average_pool.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/prelu/prelu.hpp"
#include "engine/ops/relu/relu.hpp"
#include "trainer/nets/blocks.hpp"
#include "trainer/nets/expansion.hpp"

namespace lowtide::trainer {

Signal activate(NetContext& net, const std::string& name, Signal x) {
  if (net.has_failed()) return {};
  if (x.pending == Activation::relu) x.value = net.keep(ops::relu(net.graph(), name, x.value));
  if (x.pending == Activation::hard_tanh) x.value = net.keep(ops::clip(net.graph(), name, x.value, -1.0f, 1.0f));
  if (x.pending == Activation::magnitude) x.value = net.keep(ops::absolute(net.graph(), name, x.value));
  x.pending = Activation::none;
  if (net.phase().expansion.merge == ExpansionMerge::concatenate) return x;  // the branch stays beside
  x.value = merge_branch(net, name, x.value, x.branch);
  x.branch = {};
  return x;
}

Signal max_pool(NetContext& net, const std::string& name, Signal x, uint32_t kernel, uint32_t stride,
                uint32_t padding) {
  if (net.has_failed()) return {};
  const ops::Pool2dOpParams pool = ops::square_pool(kernel, stride, padding);
  x.value = net.keep(ops::max_pool2d(net.graph(), name, x.value, pool));
  if (x.branch.is_valid()) x.branch = net.keep(ops::max_pool2d(net.graph(), name + "/branch", x.branch, pool));
  return x;
}

Signal global_average_pool(NetContext& net, const std::string& name, Signal x) {
  x = activate(net, name + "/x", x);
  if (net.has_failed()) return {};
  x.value = net.keep(ops::global_average_pool(net.graph(), name, x.value));
  if (x.branch.is_valid()) x.branch = net.keep(ops::global_average_pool(net.graph(), name + "/branch", x.branch));
  return x;
}

Signal average_pool(NetContext& net, const std::string& name, Signal x, uint32_t kernel) {
  if (net.has_failed()) return {};
  LOWTIDE_CHECK(x.pending == Activation::none && !x.branch.is_valid(), "a mean of what is not activated");
  x.value = net.keep(ops::average_pool2d(net.graph(), name, x.value, ops::square_pool(kernel, kernel)));
  return x;
}

Signal shift(NetContext& net, const std::string& name, Signal x) {
  if (net.has_failed()) return {};
  LOWTIDE_CHECK(x.pending == Activation::none && !x.branch.is_valid(), "a shift of what is not activated");
  const Shape channels{net.desc(x).shape.last()};
  const ValueId b = net.parameter(name, channels, ParameterKind::bias, Initializer::zeros);
  x.value = net.keep(ops::bias(net.graph(), name + "/add", x.value, b));
  return x;
}

Signal shifted_prelu(NetContext& net, const std::string& name, Signal x) {
  // What EXP-Net adds behind the sum goes through the activation's place, as elsewhere.
  const ValueId branch = x.branch;
  x.branch = {};
  x = shift(net, name + ".before", x);
  if (net.has_failed()) return {};
  const Shape channels{net.desc(x).shape.last()};
  const ValueId slope = net.parameter(name + ".slope", channels, ParameterKind::bias, Initializer::quarters);
  x.value = net.keep(ops::prelu(net.graph(), name, x.value, slope));
  x = shift(net, name + ".behind", x);
  x.branch = branch;
  return x;
}

Signal residual(NetContext& net, const std::string& name, Signal branch, Signal shortcut, Activation activation) {
  if (net.has_failed()) return {};
  LOWTIDE_CHECK(branch.pending == Activation::none && shortcut.pending == Activation::none,
                "a sum of tensors whose activations were not applied");
  Signal sum = {.value = net.keep(ops::add(net.graph(), name, branch.value, shortcut.value)), .pending = activation};
  if (!branch.branch.is_valid() && !shortcut.branch.is_valid()) return sum;
  if (net.phase().expansion.merge == ExpansionMerge::concatenate) {
    net.set_error({ErrorCode::invalid_argument,
                   fmt::format("expansion.merge = \"concatenate\" needs a network without shortcuts, but '{}' of the "
                               "network \"{}\" adds one; use \"add\" or another network",
                               name, net.network().name)});
    return {};
  }
  sum.branch = branch.branch.is_valid() ? branch.branch : shortcut.branch;
  if (branch.branch.is_valid() && shortcut.branch.is_valid()) {
    sum.branch = net.keep(ops::add(net.graph(), name + "/branch", branch.branch, shortcut.branch));
  }
  return sum;
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
  const auto drop_half = [&](const std::string& node, ValueId half) {
    return net.keep(ops::dropout(net.graph(), node, half, static_cast<float>(probability), stream_of(node)));
  };
  x.value = drop_half(name, x.value);
  if (x.branch.is_valid()) x.branch = drop_half(name + "/branch", x.branch);
  return x;
}

}  // namespace lowtide::trainer
