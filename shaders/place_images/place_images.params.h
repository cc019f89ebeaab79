// SPDX-License-Identifier: Apache-2.0
// Push constants of the place_images kernels.
#ifndef LOWTIDE_PLACE_IMAGES_PARAMS_H
#define LOWTIDE_PLACE_IMAGES_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PlaceImagesParams {
  uint images;  // n
  uint h;
  uint w;
  uint c;
};

LOWTIDE_SHADERS_END
#endif
