// SPDX-License-Identifier: Apache-2.0
/* What the window shows: the drawing, what the network sees of it, the likeliest classes as bars, latency and size. */
#ifndef DRAW_DIGIT_VIEW_H
#define DRAW_DIGIT_VIEW_H

#include <SDL.h>

#include "samples/draw_digit/classifier.h"

enum { window_width = 720, window_height = 500, canvas_left = 20, canvas_top = 20, canvas_edge = 400 };

typedef struct view {
  SDL_Window* window;
  SDL_Renderer* renderer;
} view;

/* 0: prints what is wrong, such as that there is no display. */
int view_open(view* v);
/* `mouse_x`, `mouse_y` in the window; whether that is on the canvas. */
int view_is_on_canvas(int mouse_x, int mouse_y);
void view_show(const view* v, const drawing* d, const classifier* c, const char* keys);
void view_close(view* v);

#endif
