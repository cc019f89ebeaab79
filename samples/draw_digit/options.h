// SPDX-License-Identifier: Apache-2.0
/* The command line of draw_digit. */
#ifndef DRAW_DIGIT_OPTIONS_H
#define DRAW_DIGIT_OPTIONS_H

#include <stdint.h>

enum { most_models = 16 };

typedef struct options {
  const char* device; /* NULL: not named */
  const char* models[most_models];
  uint32_t model_count;
  int prints;
} options;

/* options_done: the help is printed. options_wrong: what is wrong is printed. */
enum { options_go_on, options_done, options_wrong };
int options_read(options* o, int argc, char** argv);

#endif
