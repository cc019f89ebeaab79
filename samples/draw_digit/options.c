// SPDX-License-Identifier: Apache-2.0
/* Reads the command line, and says how to make a model where none is named. */
#include "samples/draw_digit/options.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: draw_digit [--device DEVICE] [--print] MODEL...\n"
    "\n"
    "A window in which one draws with the mouse; a packed network says in every frame what it is. Models of any image\n"
    "size and any classes will do. To make a 1-bit one of digits and letters, in about a minute:\n"
    "\n"
    "  lowtide train samples/recipes/glyphs_w1a1.toml && lowtide export runs/glyphs_w1a1\n"
    "  draw_digit runs/glyphs_w1a1/model.safetensors\n"
    "\n"
    "keys: C or the right button clears, Tab goes on to the next model, Q or Escape quits\n"
    "\n"
    "  --device DEVICE  index or part of the name; default: $LOWTIDE_DEVICE, or else the best device\n"
    "  --print          say on stdout, after every stroke, the likeliest class, its share and the time of the run\n";

int options_read(options* o, int argc, char** argv) {
  *o = (options){0};
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      fputs(help, stdout);
      return options_done;
    }
    if (strcmp(argv[i], "--device") == 0 && i + 1 < argc) {
      o->device = argv[++i];
    } else if (strcmp(argv[i], "--print") == 0) {
      o->prints = 1;
    } else if (argv[i][0] != '-' && o->model_count < most_models) {
      o->models[o->model_count++] = argv[i];
    } else {
      fprintf(stderr, "draw_digit: expected options and at most %d models, found '%s'; see draw_digit --help\n",
              most_models, argv[i]);
      return options_wrong;
    }
  }
  if (o->model_count > 0) return options_go_on;
  fprintf(stderr,
          "draw_digit: expected a packed model, found none named; make one with 'lowtide train "
          "samples/recipes/glyphs_w1a1.toml' and 'lowtide export runs/glyphs_w1a1'\n");
  return options_wrong;
}
