// SPDX-License-Identifier: Apache-2.0
// VGG-small: pairs of 3x3 convolutions of 128, 256 and 512 channels, padded by 1, a pool after each pair, one linear
// layer. 4.6 million weights for 32x32 images.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {

Signal vgg_small(NetContext& net, Signal image, uint32_t classes) {
  constexpr uint32_t kStages[] = {128, 256, 512};
  Signal x = image;
  for (uint32_t i = 0; i < 6; ++i) {
    x = conv(net, "conv" + std::to_string(i + 1), x,
             {.channels = net.scaled(kStages[i / 2]),
              .padding = 1,
              .position = i == 0 ? LayerPosition::first : LayerPosition::inner});
    if (i % 2 == 0) continue;
    const std::string pool = "pool" + std::to_string(i / 2 + 1);
    x = max_pool(net, pool, x, 2, 2);
    net.mark(pool, x);
  }
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace lowtide::trainer::nets
