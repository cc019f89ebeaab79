// SPDX-License-Identifier: Apache-2.0
// The step block: everything that changes from step to step, 16 words, written by the host before each submit (or by
// nobody, in inference). Shared by C++ and GLSL; shaders declare BUFFER_READ(n, StepBlock, step_block) and read
// step_block[0].learning_rate.
#ifndef LOWTIDE_STEP_BLOCK_H
#define LOWTIDE_STEP_BLOCK_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct StepBlock {
  float learning_rate;     // of this step, schedule applied
  uint step;               // optimiser steps done before this one
  uint seed_lo, seed_hi;   // of the run; random draws are functions of (seed, step, stream, index)
  float loss_scale;        // losses were multiplied by it; optimisers divide it out. 1 in fp32
  float blend;             // alpha of AQE: x^ = alpha h(x) + (1 - alpha) x
  float expansion;         // f of EXP-Net
  float adam_correction1;  // 1 - beta1^(step + 1), computed in double by the host (Kingma and Ba 2015, algorithm 1)
  float adam_correction2;  // 1 - beta2^(step + 1)
  uint valid_count;        // examples of the batch that count (the last evaluation batch is padded)
  float quantized_share;  // p of stochastic precision: a block runs quantised with this probability
  float radam_rectification;  // r of RAdam (Liu et al. 2020), computed in double by the host; 0: not yet tractable
  float second_rate;  // rate and corrections of the blocks whose attributes ask for them: a teacher that is trained too
  float second_correction1, second_correction2, second_rectification;
};
LOWTIDE_SHADERS_END

#ifdef __cplusplus
static_assert(sizeof(lowtide::shaders::StepBlock) == 64, "the step block is 16 words");
#endif

#endif
