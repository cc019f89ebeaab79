// SPDX-License-Identifier: Apache-2.0
// The end of a convolution with an affine: needs the bindings multiplier and offset [k] and p.lo, p.hi. The operations are
// those of affine and of clip, each rounded on its own, so that fused and separate give the same bits.
#ifndef LOWTIDE_CONV2D_AFFINE_GLSL
#define LOWTIDE_CONV2D_AFFINE_GLSL

float affine_of(float x, float m, float o) {
  precise float product = x * m;
  precise float sum = product + o;
  return clamp(sum, p.lo, p.hi);
}

#endif
