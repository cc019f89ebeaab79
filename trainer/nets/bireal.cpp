// SPDX-License-Identifier: Apache-2.0
// Bi-Real nets (Liu et al. 2018, "Bi-Real Net", section 3.1): a shortcut around every binary convolution,
//   y = norm(conv(sign(x), sign(w))) + x,
// so that real values travel through the whole network. Where a stage changes the shape the shortcut is a 2x2 mean of
// stride 2 and a 1x1 convolution with norm, in full precision ("<unit>.down"). And ReActNet's activations on the same
// units (Liu et al. 2020, equations 3 and 4): sign(x - a), and behind the sum max(x - b, 0) + s min(x - b, 0) + c, with
// a, b, c and s learned for each channel. At other precisions than signs the units are the same with another quantiser;
// in full precision a hard tanh stands in its place.
// Sizes: 18 as ResNet-18 for 224x224 images, 16 units; 20 as ResNet-20 for 32x32 images, 18 units (ours: the papers
// have ImageNet networks). The norm of the stem has no activation behind it, as in the authors' networks.
#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer::nets {
namespace {

enum class Style { bireal, react };

Signal unit(NetContext& net, const std::string& name, Signal x, uint32_t channels, uint32_t stride, Style style) {
  x = activate(net, name + ".in", x);
  Signal binary = style == Style::react ? shift(net, name + ".sign_shift", x) : x;
  binary.pending = Activation::hard_tanh;
  const Signal y = conv(net, name + ".conv", binary,
                        {.channels = channels, .stride = stride, .padding = 1, .activation = Activation::none});
  Signal shortcut = x;
  if (stride != 1) shortcut = average_pool(net, name + ".down_pool", shortcut, stride);
  if (net.has_failed()) return {};
  if (net.desc(shortcut).shape.last() != channels) {
    shortcut =
        conv(net, name + ".down", shortcut,
             {.channels = channels, .kernel = 1, .activation = Activation::none, .position = LayerPosition::real});
  }
  const Signal sum = residual(net, name + ".add", y, shortcut, Activation::none);
  return style == Style::react ? shifted_prelu(net, name + ".prelu", sum) : sum;
}

struct Size {
  uint32_t stages;
  uint32_t units;  // of a stage
  uint32_t channels;
};

Signal units(NetContext& net, Signal x, const Size& size, Style style) {
  for (uint32_t stage = 0; stage < size.stages; ++stage) {
    for (uint32_t i = 0; i < size.units; ++i) {
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(i + 1);
      x = unit(net, name, x, net.scaled(size.channels << stage), stage > 0 && i == 0 ? 2 : 1, style);
    }
    net.mark("stage" + std::to_string(stage + 1), x);
  }
  return x;
}

Signal classifier(NetContext& net, Signal x, uint32_t classes) {
  x = global_average_pool(net, "pool", x);
  x = drop(net, "drop", x);
  return linear(net, "fc", x,
                {.channels = classes, .norm = false, .activation = Activation::none, .position = LayerPosition::last});
}

Signal net18(NetContext& net, Signal image, uint32_t classes, Style style) {
  Signal x = conv(net, "conv1", image,
                  {.channels = net.scaled(64),
                   .kernel = 7,
                   .stride = 2,
                   .padding = 3,
                   .activation = Activation::none,
                   .position = LayerPosition::first});
  x = max_pool(net, "pool1", x, 3, 2, 1);
  return classifier(net, units(net, x, {4, 4, 64}, style), classes);
}

Signal net20(NetContext& net, Signal image, uint32_t classes, Style style) {
  const Signal x = conv(
      net, "conv1", image,
      {.channels = net.scaled(16), .padding = 1, .activation = Activation::none, .position = LayerPosition::first});
  return classifier(net, units(net, x, {3, 6, 16}, style), classes);
}

}  // namespace

Signal birealnet18(NetContext& net, Signal image, uint32_t classes) {
  return net18(net, image, classes, Style::bireal);
}
Signal birealnet20(NetContext& net, Signal image, uint32_t classes) {
  return net20(net, image, classes, Style::bireal);
}
Signal reactnet18(NetContext& net, Signal image, uint32_t classes) {
  return net18(net, image, classes, Style::react);
}
Signal reactnet20(NetContext& net, Signal image, uint32_t classes) {
  return net20(net, image, classes, Style::react);
}

}  // namespace lowtide::trainer::nets
