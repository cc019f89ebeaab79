// SPDX-License-Identifier: Apache-2.0
/* A packed model that looks at drawings, through the C API of lowtide alone. */
#ifndef DRAW_DIGIT_CLASSIFIER_H
#define DRAW_DIGIT_CLASSIFIER_H

#include <lowtide.h>

#include "samples/draw_digit/drawing.h"

typedef struct classifier {
  lowtide_session* session;
  lowtide_model model;
  long packed_bytes; /* of the model's file */
  float* coverage;   /* [height, width]: what the network saw last */
  uint8_t* pixels;   /* [height, width, channels] */
  float* shares;     /* [classes]: softmax of the logits */
  uint32_t* order;   /* [classes]: the likeliest first */
  double run_ms;     /* of the last run: from pixels in memory to logits in memory */
  double mean_ms;    /* over the last twenty or so */
} classifier;

/* 0: prints what is wrong, and the classifier may only be closed. */
int classifier_open(classifier* c, const char* path, lowtide_device* device);
/* 0: prints what is wrong. */
int classifier_look(classifier* c, const drawing* d, float smallest);
/* The `rank`-th likeliest class; its number where the model has no names. `room`: for such a number. */
const char* classifier_name(const classifier* c, uint32_t rank, char room[16]);
void classifier_close(classifier* c);

#endif
