// SPDX-License-Identifier: Apache-2.0
// SYQ, "Learning Symmetric Quantization For Efficient Deep Neural Networks" (Faraone, Fraser, Blott and Leong 2018):
// the weights of a convolution are signs or ternary levels times one learned number for each position of the kernel,
// those of a linear layer times one number.
//   1 bit   q = sign(w);    2 bits  q = 0 where |w| <= eta max |w|, else sign(w);    real = q * alpha[position]
//   dw = alpha[position] dreal, everywhere;   dalpha = sum of q dreal over the weights of the position
// eta is quantization.syq_threshold; 0.05 and the start of alpha, 0.2 for convolutions and 0.1 for linear layers, are
// those of EXP-Net's published SVHN script. Training multiplies q and alpha; evaluation keeps the integers and scales
// each tap's sum (ops/tap_conv2d), so that packed inference gives its bits.
#pragma once

#include <string>

#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {

// w  [k, r, s, c] or [k, c]; asks for the parameter "<layer>.tap_scale", f32 [r*s], or "<layer>.scale", f32 [].
LayerOperand syq_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision);

}  // namespace lowtide::trainer
