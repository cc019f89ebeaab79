// SPDX-License-Identifier: Apache-2.0
// What an optimiser knows of each block of 256 parameters (engine/graph/parameter_blocks.hpp). Shared by C++ and GLSL.
#ifndef LOWTIDE_BLOCK_ATTRIBUTES_H
#define LOWTIDE_BLOCK_ATTRIBUTES_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct BlockAttributes {
  float weight_decay;
  float latent_clip;  // parameters are kept in [-latent_clip, latent_clip]; 0: not clipped
  float rate_scale;   // multiplies the learning rate; 0 freezes the block
  float is_second;    // above 0.5: the step block's second rate and corrections; else the first
};
LOWTIDE_SHADERS_END

#endif
