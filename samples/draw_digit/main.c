// SPDX-License-Identifier: Apache-2.0
/* draw_digit MODEL...: draw a glyph or digit with the mouse; a packed network classifies every frame. */
#include <SDL.h>
#include <stdio.h>

#include "samples/draw_digit/options.h"
#include "samples/draw_digit/view.h"

static const char keys[] = "C clear   Tab next model   Q quit";

static const float smallest_box = canvas_edge / 8.0f; /* what is smaller is not blown up to a glyph */

typedef struct app {
  classifier models[most_models];
  uint32_t model_count, current;
  drawing drawing;
  int is_drawing, is_over, prints, must_print;
} app;

static void print_model(const app* a) {
  const classifier* c = &a->models[a->current];
  if (a->prints) printf("model %s: %ld bytes packed\n", c->model.source, c->packed_bytes);
}

static void clear(app* a) {
  drawing_clear(&a->drawing);
  a->is_drawing = a->must_print = 0;
  if (a->prints) printf("clear\n");
}

static void on_key(app* a, SDL_Keycode key) {
  if (key == SDLK_q || key == SDLK_ESCAPE) a->is_over = 1;
  if (key == SDLK_c) clear(a);
  if (key != SDLK_TAB) return;
  a->current = (a->current + 1) % a->model_count;
  a->must_print = 1;
  print_model(a);
}

static void on_event(app* a, const SDL_Event* e) {
  const int is_left = e->type == SDL_MOUSEBUTTONDOWN && e->button.button == SDL_BUTTON_LEFT;
  if (e->type == SDL_QUIT) a->is_over = 1;
  if (e->type == SDL_KEYDOWN) on_key(a, e->key.keysym.sym);
  if (is_left && view_is_on_canvas(e->button.x, e->button.y)) {
    a->is_drawing = 1;
    drawing_add(&a->drawing, (float)e->button.x, (float)e->button.y, 1);
  } else if (e->type == SDL_MOUSEBUTTONDOWN && e->button.button == SDL_BUTTON_RIGHT) {
    clear(a);
  } else if (e->type == SDL_MOUSEMOTION && a->is_drawing) {
    /* The pen leaves the canvas: the stroke goes on where it comes back. */
    const int is_on = view_is_on_canvas(e->motion.x, e->motion.y);
    if (is_on) drawing_add(&a->drawing, (float)e->motion.x, (float)e->motion.y, a->is_drawing == 2);
    a->is_drawing = is_on ? 1 : 2;
  } else if (e->type == SDL_MOUSEBUTTONUP && e->button.button == SDL_BUTTON_LEFT && a->is_drawing) {
    a->is_drawing = 0;
    a->must_print = 1;
  }
}

static int run(app* a, const view* v) {
  print_model(a);
  while (!a->is_over) {
    fflush(stdout);
    SDL_Event event;
    for (int is_one = SDL_WaitEventTimeout(&event, 15); is_one; is_one = SDL_PollEvent(&event)) on_event(a, &event);
    classifier* c = &a->models[a->current];
    if (a->drawing.point_count > 0) {
      if (!classifier_look(c, &a->drawing, smallest_box)) return 0;
      char room[16];
      if (a->prints && a->must_print) {
        printf("glyph %s %.1f %% of %u strokes in %.3f ms\n", classifier_name(c, 0, room),
               100.0 * (double)c->shares[c->order[0]], a->drawing.stroke_count, c->run_ms);
      }
    }
    a->must_print = 0;
    view_show(v, &a->drawing, c, keys);
  }
  return 1;
}

int main(int argc, char** argv) {
  options o;
  const int what = options_read(&o, argc, argv);
  if (what != options_go_on) return what == options_done ? 0 : 2;
  static app a;
  view v = {0};
  lowtide_device* device = NULL;
  const lowtide_device_options wanted = {.struct_size = sizeof wanted, .device = o.device};
  a.prints = o.prints;
  int is_good = lowtide_device_open(&wanted, &device) == LOWTIDE_OK;
  if (!is_good) fprintf(stderr, "draw_digit: %s\n", lowtide_last_error());
  for (uint32_t i = 0; is_good && i < o.model_count; ++i) {
    is_good = classifier_open(&a.models[a.model_count++], o.models[i], device);
  }
  is_good = is_good && view_open(&v) && run(&a, &v);
  view_close(&v);
  for (uint32_t i = 0; i < a.model_count; ++i) classifier_close(&a.models[i]);
  lowtide_device_close(device);
  return is_good ? 0 : 1;
}
