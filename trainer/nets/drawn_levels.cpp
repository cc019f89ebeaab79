// SPDX-License-Identifier: Apache-2.0
// Levels, or their surrogate.
#include "trainer/nets/drawn_levels.hpp"

#include "engine/ops/draw_select/draw_select.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "trainer/methods/stochastic.hpp"

namespace lowtide::trainer {

ValueId drawn_levels(NetContext& net, const std::string& name, ValueId levels) {
  if (net.has_failed() || !net.is_training() || !net.phase().stochastic.is_on) return levels;
  const ValueId real = net.keep(ops::unrounded(net.graph(), name + "/unrounded", levels));
  if (net.has_failed()) return {};
  const std::string_view layer = std::string_view(name).substr(0, name.rfind('/'));
  const uint32_t stream = stream_of(std::string(block_of(layer)) + "/draw");
  return net.keep(ops::draw_select(net.graph(), name + "/draw", levels, real, stream));
}

}  // namespace lowtide::trainer
