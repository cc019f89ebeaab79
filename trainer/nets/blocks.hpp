// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the network builders: layers with their quantisers, norms and pools. This is the one place that
// knows how a quantised layer is put together:
//   training    levels(x), levels(w) -> conv2d times the static steps [-> times the dynamic scale] [-> pool] ->
//   batch_norm evaluation  levels(x), levels(w) -> conv2d, the exact integer accumulator [-> pool] -> affine, in which
//   batch norm,
//               steps and scale are folded to one multiply and one add per channel
// Nodes of layer L are named L (conv2d, linear), L/x (input quantiser or activation), L/w (weight quantiser), L/scale,
// L/pool, L/fold, L/norm, L/bias.
#pragma once

#include <string>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

struct ConvOptions {
  uint32_t channels = 1;  // outputs; `scaled` is the builder's business
  uint32_t kernel = 3;
  uint32_t stride = 1;
  uint32_t padding = 0;                      // on each side; zeros, which contribute nothing
  uint32_t pool = 1;                         // > 1: max pooling of that size and stride between convolution and norm
  bool norm = true;                          // batch norm; without it EXP-Net grows no branch here
  Activation activation = Activation::relu;  // what follows the norm; pending in the result
  Initializer initializer = Initializer::kaiming;
  LayerPosition position = LayerPosition::inner;
};

// x [n, h, w, c] -> [n, oh, ow, channels]. No bias: the norm has one.
Signal conv(NetContext& net, const std::string& name, Signal x, const ConvOptions& options);

struct LinearOptions {
  uint32_t channels = 1;
  bool norm = true;  // batch norm; otherwise a bias
  Activation activation = Activation::relu;
  Initializer initializer = Initializer::kaiming;
  LayerPosition position = LayerPosition::inner;
};

// x [n, ...], flattened to [n, c] where it is not -> [n, channels].
Signal linear(NetContext& net, const std::string& name, Signal x, const LinearOptions& options);

// A norm that no convolution stands in front of: of a sum, without pending activation.
Signal batch_norm(NetContext& net, const std::string& name, Signal x, Activation activation);

// Pools of `kernel` x `kernel` with that stride; a rest at the border is dropped (no padding) or seen as absent.
Signal max_pool(NetContext& net, const std::string& name, Signal x, uint32_t kernel, uint32_t stride,
                uint32_t padding = 0);
// The mean of each channel, [n, h, w, c] -> [n, c]; the pending activation is applied first, in full precision.
Signal global_average_pool(NetContext& net, const std::string& name, Signal x);

// The mean of each window of `kernel` x `kernel`, stride `kernel`; nothing pending.
Signal average_pool(NetContext& net, const std::string& name, Signal x, uint32_t kernel);

// x + shift, one learned number for each channel, 0 at the start ("<name>"); nothing pending. In front of a sign it is
// a threshold (ReActNet's RSign).
Signal shift(NetContext& net, const std::string& name, Signal x);
// PReLU between two shifts (ReActNet's RPReLU): x' = x + "<name>.before", then x' or "<name>.slope" x', then
// + "<name>.behind"; slopes begin at 0.25 (He et al. 2015, section 2.1).
Signal shifted_prelu(NetContext& net, const std::string& name, Signal x);

// Applies the pending activation in full precision: for tensors that also feed a shortcut.
Signal activate(NetContext& net, const std::string& name, Signal x);

// branch + shortcut; both without pending activation. `activation` is pending in the result.
Signal residual(NetContext& net, const std::string& name, Signal branch, Signal shortcut, Activation activation);

// The parameter-free shortcut of He et al. 2016, option A: every `stride`-th pixel, and channels of zeros up to
// `channels`. The identity where neither changes.
Signal shortcut_without_parameters(NetContext& net, const std::string& name, Signal x, uint32_t channels,
                                   uint32_t stride);

// Dropout with the recipe's probability: nothing in evaluation or at probability 0.
Signal drop(NetContext& net, const std::string& name, Signal x);

}  // namespace lowtide::trainer
