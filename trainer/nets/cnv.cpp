// SPDX-License-Identifier: Apache-2.0
// CNV. Valid 3x3 convolutions 64, 64, pool, 128, 128, pool, 256, 256 take a 32x32 image to 1x1; linear 512, 512,
// classes. Every layer has a norm, the last one too (Brevitas puts a norm without channels there); the activation in
// full precision is hard tanh. Pools stand behind the norm and before the quantiser, with which they commute.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {

Signal cnv(NetContext& net, Signal image, uint32_t classes) {
  constexpr uint32_t kChannels[] = {64, 64, 128, 128, 256, 256};
  Signal x = image;
  for (uint32_t i = 0; i < 6; ++i) {
    x = conv(net, "conv" + std::to_string(i + 1), x,
             {.channels = net.scaled(kChannels[i]),
              .activation = Activation::hard_tanh,
              .position = i == 0 ? LayerPosition::first : LayerPosition::inner});
    if (i != 1 && i != 3) continue;
    const std::string pool = "pool" + std::to_string((i + 1) / 2);
    x = max_pool(net, pool, x, 2, 2);
    net.mark(pool, x);
  }
  for (uint32_t i = 0; i < 2; ++i) {
    x = linear(net, "fc" + std::to_string(i + 1), x,
               {.channels = net.scaled(512), .activation = Activation::hard_tanh});
  }
  x = drop(net, "drop", x);
  return linear(net, "fc3", x, {.channels = classes, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace lowtide::trainer::nets
