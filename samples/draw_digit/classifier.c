// SPDX-License-Identifier: Apache-2.0
/* Drawing -> picture like the training data's -> logits -> shares of the classes. */
#include "samples/draw_digit/classifier.h"

#include <SDL.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The glyph set's glyphs fill 0.46 to 0.76 of the picture with ink of 150 to 255 over a ground of 0 to 60. */
static const float glyph_share = 0.6f, ground = 20, ink = 220;

static int fail(const char* what, const char* why) {
  fprintf(stderr, "draw_digit: %s: %s\n", what, why);
  return 0;
}

static long file_bytes(const char* path) {
  FILE* file = fopen(path, "rb");
  const long bytes = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  if (file != NULL) fclose(file);
  return bytes;
}

int classifier_open(classifier* c, const char* path, lowtide_device* device) {
  const lowtide_session_options options = {.struct_size = sizeof options, .device = device};
  if (lowtide_open(path, &options, &c->session) != LOWTIDE_OK) return fail(path, lowtide_last_error());
  c->model = (lowtide_model){.struct_size = sizeof c->model};
  lowtide_get_model(c->session, &c->model);
  c->packed_bytes = file_bytes(path);
  const size_t pixels = (size_t)c->model.height * c->model.width;
  c->coverage = calloc(pixels, sizeof *c->coverage);
  c->pixels = calloc(pixels, c->model.channels);
  c->shares = calloc(c->model.classes, sizeof *c->shares);
  c->order = calloc(c->model.classes, sizeof *c->order);
  return c->coverage != NULL && c->pixels != NULL && c->shares != NULL && c->order != NULL
             ? 1
             : fail(path, "out of memory");
}

/* Logits to shares, and the order of the classes by insertion: there are few. */
static void judge(classifier* c) {
  const uint32_t classes = c->model.classes;
  float greatest = -INFINITY, sum = 0;
  for (uint32_t i = 0; i < classes; ++i) greatest = fmaxf(greatest, c->shares[i]);
  for (uint32_t i = 0; i < classes; ++i) sum += c->shares[i] = expf(c->shares[i] - greatest);
  for (uint32_t i = 0; i < classes; ++i) {
    c->shares[i] /= sum;
    uint32_t place = i;
    for (; place > 0 && c->shares[c->order[place - 1]] < c->shares[i]; --place) c->order[place] = c->order[place - 1];
    c->order[place] = i;
  }
}

int classifier_look(classifier* c, const drawing* d, float smallest) {
  const lowtide_model* m = &c->model;
  drawing_coverage(d, drawing_centred(d, m->width, m->height, glyph_share, smallest), m->width, m->height, c->coverage);
  const size_t pixels = (size_t)m->height * m->width;
  for (size_t i = 0; i < pixels * m->channels; ++i) {
    c->pixels[i] = (uint8_t)(ground + (ink - ground) * c->coverage[i / m->channels] + 0.5f);
  }
  const Uint64 start = SDL_GetPerformanceCounter();
  const lowtide_status status = lowtide_run_u8(c->session, c->pixels, 1, c->shares, m->classes);
  c->run_ms = 1e3 * (double)(SDL_GetPerformanceCounter() - start) / (double)SDL_GetPerformanceFrequency();
  if (status != LOWTIDE_OK) return fail("the network did not run", lowtide_last_error());
  c->mean_ms = c->mean_ms == 0 ? c->run_ms : 0.95 * c->mean_ms + 0.05 * c->run_ms;
  judge(c);
  return 1;
}

const char* classifier_name(const classifier* c, uint32_t rank, char room[16]) {
  const char* name = lowtide_class_name(c->session, c->order[rank]);
  if (name == NULL) snprintf(room, 16, "%u", c->order[rank]);
  return name == NULL ? room : name;
}

void classifier_close(classifier* c) {
  lowtide_close(c->session);
  free(c->coverage);
  free(c->pixels);
  free(c->shares);
  free(c->order);
}
