// SPDX-License-Identifier: Apache-2.0
// MINW models A to D. Six 3x3 convolutions, the first valid, the others padded by 1, pools in front of the norms of the
// second, fourth and sixth; three linear layers, each with a norm; hard tanh; Xavier start. 32x32 images become maps of
// 30, 15, 7 and 3 pixels, which gives the weight counts that the paper prints.
#include <array>
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {
namespace {

Signal minw(NetContext& net, Signal image, uint32_t classes, const std::array<uint32_t, 3>& stages, uint32_t width) {
  Signal x = image;
  for (uint32_t i = 0; i < 6; ++i) {
    x = conv(net, "conv" + std::to_string(i + 1), x,
             {.channels = net.scaled(stages[i / 2]),
              .padding = i == 0 ? 0u : 1u,
              .pool = i % 2 == 1 ? 2u : 1u,
              .activation = Activation::hard_tanh,
              .initializer = Initializer::xavier,
              .position = i == 0 ? LayerPosition::first : LayerPosition::inner});
    if (i % 2 == 1) net.mark("pool" + std::to_string(i / 2 + 1), x);
  }
  for (uint32_t i = 0; i < 2; ++i) {
    x = linear(
        net, "fc" + std::to_string(i + 1), x,
        {.channels = net.scaled(width), .activation = Activation::hard_tanh, .initializer = Initializer::xavier});
  }
  x = drop(net, "drop", x);
  return linear(net, "fc3", x,
                {.channels = classes,
                 .activation = Activation::none,
                 .initializer = Initializer::xavier,
                 .position = LayerPosition::last});
}

}  // namespace

Signal minw_a(NetContext& net, Signal image, uint32_t classes) {
  return minw(net, image, classes, {128, 256, 512}, 1024);
}
Signal minw_b(NetContext& net, Signal image, uint32_t classes) {
  return minw(net, image, classes, {64, 128, 256}, 1024);
}
Signal minw_c(NetContext& net, Signal image, uint32_t classes) {
  return minw(net, image, classes, {64, 128, 256}, 512);
}
Signal minw_d(NetContext& net, Signal image, uint32_t classes) {
  return minw(net, image, classes, {64, 128, 256}, 256);
}

}  // namespace lowtide::trainer::nets
