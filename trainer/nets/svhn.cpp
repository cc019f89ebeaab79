// SPDX-License-Identifier: Apache-2.0
// The SVHN network of DoReFa-Net and of the EXP-Net paper's grid, for 40x40 images (data.resize): convolutions
//   48 5x5 valid, pool | 64, 64 padded, pool | 128 valid, 128 padded, 128 valid | 512 5x5 valid | one linear layer
// which take the map from 36 to 18, 9, 7, 7, 5 and 1. Ours: the first convolution has a norm instead of a bias, ReLU
// where no quantiser stands, and dropout in front of the classifier instead of the seventh convolution.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {

Signal svhn(NetContext& net, Signal image, uint32_t classes) {
  struct Row {
    uint32_t channels, kernel, padding, pool;
  };
  constexpr Row kRows[] = {{48, 5, 0, 2},  {64, 3, 1, 1},  {64, 3, 1, 2}, {128, 3, 0, 1},
                           {128, 3, 1, 1}, {128, 3, 0, 1}, {512, 5, 0, 1}};
  Signal x = image;
  uint32_t index = 0, pools = 0;
  for (const Row& row : kRows) {
    const std::string number = std::to_string(index);
    x = conv(net, "conv" + number, x,
             {.channels = net.scaled(row.channels),
              .kernel = row.kernel,
              .padding = row.padding,
              .position = index == 0 ? LayerPosition::first : LayerPosition::inner});
    if (row.pool > 1) {
      x = max_pool(net, "pool" + number, x, row.pool, row.pool);
      net.mark("pool" + std::to_string(++pools), x);
    }
    ++index;
  }
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace lowtide::trainer::nets
