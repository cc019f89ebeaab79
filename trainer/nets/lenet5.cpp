// SPDX-License-Identifier: Apache-2.0
// LeNet-5. conv 6 5x5 padded by 2, pool 2, conv 16 5x5, pool 2, linear 120, 84, classes. The paper's sub-sampling is
// max pooling, its sigmoids are ReLU after batch norm, and every map of conv2 sees every map of conv1.
#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {

Signal lenet5(NetContext& net, Signal image, uint32_t classes) {
  Signal x = conv(net, "conv1", image,
                  {.channels = net.scaled(6), .kernel = 5, .padding = 2, .position = LayerPosition::first});
  x = max_pool(net, "pool1", x, 2, 2);
  net.mark("pool1", x);
  x = conv(net, "conv2", x, {.channels = net.scaled(16), .kernel = 5});
  x = max_pool(net, "pool2", x, 2, 2);
  net.mark("pool2", x);
  x = linear(net, "fc1", x, {.channels = net.scaled(120)});
  x = linear(net, "fc2", x, {.channels = net.scaled(84)});
  x = drop(net, "drop", x);
  return linear(net, "fc3", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace lowtide::trainer::nets
