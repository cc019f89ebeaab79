// SPDX-License-Identifier: Apache-2.0
// The builders behind the network registry, one file each. image [n, h, w, c] -> logits [n, classes].
#pragma once

#include "trainer/nets/net.hpp"

namespace lowtide::trainer::nets {

// LeNet-5 (LeCun et al. 1998) in its usual modern form: max pooling, batch norm, ReLU.
Signal lenet5(NetContext& net, Signal image, uint32_t classes);

// CNV of BNN-PYNQ and FINN (Umuroglu et al. 2017), as Brevitas lays it out; for 32x32 images.
Signal cnv(NetContext& net, Signal image, uint32_t classes);

// The CIFAR models A to D of the AQE/MINW paper.
Signal minw_a(NetContext& net, Signal image, uint32_t classes);
Signal minw_b(NetContext& net, Signal image, uint32_t classes);
Signal minw_c(NetContext& net, Signal image, uint32_t classes);
Signal minw_d(NetContext& net, Signal image, uint32_t classes);

// VGG-small with one fully connected layer, as in LQ-Nets (Zhang et al. 2018) and IR-Net (Qin et al. 2020).
Signal vgg_small(NetContext& net, Signal image, uint32_t classes);

// ResNet for CIFAR (He et al. 2016, section 4.2), shortcut option A: no parameters.
Signal resnet20(NetContext& net, Signal image, uint32_t classes);
Signal resnet32(NetContext& net, Signal image, uint32_t classes);
Signal resnet56(NetContext& net, Signal image, uint32_t classes);

// Pre-activation ResNet for CIFAR (He et al. 2016b), 1x1 convolutions where shapes change.
Signal preresnet20(NetContext& net, Signal image, uint32_t classes);

// ResNet for 224x224 images (He et al. 2016, table 1), shortcut option B: 1x1 convolution and norm where shapes change.
Signal resnet18(NetContext& net, Signal image, uint32_t classes);
Signal resnet18_cifar(NetContext& net, Signal image, uint32_t classes);  // for 32x32 images
Signal resnet34(NetContext& net, Signal image, uint32_t classes);

// The SVHN network of DoReFa-Net (Zhou et al. 2016) and EXP-Net (Zhou et al. 2019), for 40x40 images.
Signal svhn(NetContext& net, Signal image, uint32_t classes);

// Bi-Real nets (Liu et al. 2018) and the same with ReActNet's activations (Liu et al. 2020).
Signal birealnet18(NetContext& net, Signal image, uint32_t classes);
Signal birealnet20(NetContext& net, Signal image, uint32_t classes);
Signal reactnet18(NetContext& net, Signal image, uint32_t classes);
Signal reactnet20(NetContext& net, Signal image, uint32_t classes);

}  // namespace lowtide::trainer::nets
