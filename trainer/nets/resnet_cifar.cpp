// SPDX-License-Identifier: Apache-2.0
// ResNet-(6n+2) for 32x32 images: a 3x3 convolution of 16 channels, three stages of n basic blocks with 16, 32 and 64
// channels, global average pooling, one linear layer. Shortcuts are option A: every second pixel, zeros for the new
// channels. ResNet-20 has 269,722 parameters with 10 classes.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {
namespace {

// y = f(norm(conv(f(norm(conv(x))))) + shortcut(x)); x has its activation applied.
Signal basic_block(NetContext& net, const std::string& name, Signal x, uint32_t channels, uint32_t stride) {
  const Activation f = net.hidden_activation(Activation::relu);
  x = activate(net, name + ".in", x);
  Signal y = conv(net, name + ".conv1", x, {.channels = channels, .stride = stride, .padding = 1});
  y = conv(net, name + ".conv2", y, {.channels = channels, .padding = 1, .activation = Activation::none});
  return residual(net, name + ".add", y, shortcut_without_parameters(net, name + ".shortcut", x, channels, stride), f);
}

Signal resnet_cifar(NetContext& net, Signal image, uint32_t classes, uint32_t blocks) {
  Signal x = conv(net, "conv1", image, {.channels = net.scaled(16), .padding = 1, .position = LayerPosition::first});
  for (uint32_t stage = 0; stage < 3; ++stage) {
    for (uint32_t block = 0; block < blocks; ++block) {
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(block + 1);
      x = basic_block(net, name, x, net.scaled(16u << stage), stage > 0 && block == 0 ? 2 : 1);
    }
    net.mark("stage" + std::to_string(stage + 1), x);
  }
  x = global_average_pool(net, "pool", x);
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace

Signal resnet20(NetContext& net, Signal image, uint32_t classes) {
  return resnet_cifar(net, image, classes, 3);
}
Signal resnet32(NetContext& net, Signal image, uint32_t classes) {
  return resnet_cifar(net, image, classes, 5);
}
Signal resnet56(NetContext& net, Signal image, uint32_t classes) {
  return resnet_cifar(net, image, classes, 9);
}

}  // namespace lowtide::trainer::nets
