// SPDX-License-Identifier: Apache-2.0
// ResNet-18 and -34 for 224x224 images: a 7x7 convolution of stride 2, max pooling 3x3 of stride 2, four stages of
// basic blocks with 64, 128, 256 and 512 channels, global average pooling, one linear layer. Where a stage changes the
// shape its first shortcut is option B: a 1x1 convolution with norm ("<block>.down"). ResNet-18 for 32x32 images has a
// 3x3 convolution of stride 1 and no pool in front of the same stages.
#include <array>
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {
namespace {

Signal basic_block(NetContext& net, const std::string& name, Signal x, uint32_t channels, uint32_t stride) {
  x = activate(net, name + ".in", x);
  Signal y = conv(net, name + ".conv1", x, {.channels = channels, .stride = stride, .padding = 1});
  y = conv(net, name + ".conv2", y, {.channels = channels, .padding = 1, .activation = Activation::none});
  Signal shortcut = x;
  if (stride != 1 || (!net.has_failed() && net.desc(x).shape.last() != channels)) {
    shortcut = conv(net, name + ".down", x,
                    {.channels = channels, .kernel = 1, .stride = stride, .activation = Activation::none});
  }
  return residual(net, name + ".add", y, shortcut, net.hidden_activation(Activation::relu));
}

Signal large_stem(NetContext& net, Signal image) {
  const Signal x =
      conv(net, "conv1", image,
           {.channels = net.scaled(64), .kernel = 7, .stride = 2, .padding = 3, .position = LayerPosition::first});
  return max_pool(net, "pool1", x, 3, 2, 1);
}

Signal small_stem(NetContext& net, Signal image) {
  return conv(net, "conv1", image, {.channels = net.scaled(64), .padding = 1, .position = LayerPosition::first});
}

Signal stages(NetContext& net, Signal x, uint32_t classes, const std::array<uint32_t, 4>& blocks) {
  for (uint32_t stage = 0; stage < 4; ++stage) {
    for (uint32_t block = 0; block < blocks[stage]; ++block) {
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(block + 1);
      x = basic_block(net, name, x, net.scaled(64u << stage), stage > 0 && block == 0 ? 2 : 1);
    }
    net.mark("stage" + std::to_string(stage + 1), x);
  }
  x = global_average_pool(net, "pool", x);
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace

Signal resnet18(NetContext& net, Signal image, uint32_t classes) {
  return stages(net, large_stem(net, image), classes, {2, 2, 2, 2});
}
Signal resnet18_cifar(NetContext& net, Signal image, uint32_t classes) {
  return stages(net, small_stem(net, image), classes, {2, 2, 2, 2});
}
Signal resnet34(NetContext& net, Signal image, uint32_t classes) {
  return stages(net, large_stem(net, image), classes, {3, 4, 6, 3});
}

}  // namespace lowtide::trainer::nets
