// SPDX-License-Identifier: Apache-2.0
// Pre-activation ResNet-(6n+2) for 32x32 images (He, Zhang, Ren, Sun 2016, "Identity Mappings in Deep Residual
// Networks"): a bare 3x3 convolution of 16 channels, three stages of n blocks with 16, 32 and 64 channels, norm and
// activation, global average pooling, one linear layer. In a block norms stand in front of the convolutions; where a
// stage changes the shape its shortcut is a bare 1x1 convolution, which quantised training treats as any other. It
// reads the block's first activation, not the sum in front of it, so that it has levels to multiply (our choice).
// PreResNet-20 has 272,282 parameters with 10 classes.
// A stage's place ("stage1", ...) is behind the norm that follows it, in front of that norm's activation: the sum
// itself has no scale of its own that could be compared.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {
namespace {

// y = conv(f(norm(conv(a)))) + shortcut, a = f(norm(x)).
Signal block(NetContext& net, const std::string& name, Signal x, Signal a, uint32_t channels, uint32_t stride) {
  Signal y = conv(net, name + ".conv1", a, {.channels = channels, .stride = stride, .padding = 1});
  y = conv(net, name + ".conv2", y,
           {.channels = channels, .padding = 1, .norm = false, .activation = Activation::none});
  Signal shortcut = x;
  if (stride != 1 || (!net.has_failed() && net.desc(x).shape.last() != channels)) {
    shortcut =
        conv(net, name + ".down", a,
             {.channels = channels, .kernel = 1, .stride = stride, .norm = false, .activation = Activation::none});
  }
  return residual(net, name + ".add", y, shortcut, Activation::none);
}

Signal preresnet_cifar(NetContext& net, Signal image, uint32_t classes, uint32_t blocks) {
  Signal x = conv(net, "conv1", image,
                  {.channels = net.scaled(16),
                   .padding = 1,
                   .norm = false,
                   .activation = Activation::none,
                   .position = LayerPosition::first});
  for (uint32_t stage = 0; stage < 3; ++stage) {
    for (uint32_t i = 0; i < blocks; ++i) {
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(i + 1);
      const Signal a = batch_norm(net, name + ".norm1", x, Activation::relu);
      if (stage > 0 && i == 0) net.mark("stage" + std::to_string(stage), a);
      x = block(net, name, x, a, net.scaled(16u << stage), stage > 0 && i == 0 ? 2 : 1);
    }
  }
  x = batch_norm(net, "norm", x, Activation::relu);
  net.mark("stage3", x);
  x = global_average_pool(net, "pool", x);
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

}  // namespace

Signal preresnet20(NetContext& net, Signal image, uint32_t classes) {
  return preresnet_cifar(net, image, classes, 3);
}

}  // namespace lowtide::trainer::nets
