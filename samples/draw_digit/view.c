// SPDX-License-Identifier: Apache-2.0
/* Everything is drawn anew for every frame, by the processor: it needs no more than SDL itself. */
#include "samples/draw_digit/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samples/draw_digit/stroke_text.h"

static const SDL_Color paper = {24, 28, 36, 255}, canvas = {8, 10, 14, 255}, ink = {240, 236, 220, 255},
                       bar = {60, 150, 200, 255}, text = {190, 198, 210, 255};

/* SDL falls back to drivers that show nothing, which are a display only to whoever asked for one. */
static int has_display(void) {
  if (SDL_Init(SDL_INIT_VIDEO) != 0) return 0;
  const char* driver = SDL_GetCurrentVideoDriver();
  if (SDL_getenv("SDL_VIDEODRIVER") != NULL || driver == NULL) return driver != NULL;
  if (strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0) return 1;
  SDL_SetError("only the driver '%s', which shows nothing", driver);
  return 0;
}

int view_open(view* v) {
  SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
  SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"); /* no OpenGL driver beside the Vulkan one */
  if (!has_display()) {
    fprintf(stderr,
            "draw_digit: expected a display to open a window on, found none (SDL: %s); start it in a desktop session, "
            "set DISPLAY, or use xvfb-run\n",
            SDL_GetError());
    return 0;
  }
  v->window = SDL_CreateWindow("draw_digit", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, window_width,
                               window_height, SDL_WINDOW_RESIZABLE);
  v->renderer = v->window == NULL ? NULL : SDL_CreateRenderer(v->window, -1, SDL_RENDERER_SOFTWARE);
  if (v->renderer == NULL || SDL_RenderSetLogicalSize(v->renderer, window_width, window_height) != 0) {
    fprintf(stderr, "draw_digit: the display gives no window of %d x %d pixels: %s\n", window_width, window_height,
            SDL_GetError());
    return 0;
  }
  return 1;
}

int view_is_on_canvas(int mouse_x, int mouse_y) {
  return mouse_x >= canvas_left && mouse_x < canvas_left + canvas_edge && mouse_y >= canvas_top &&
         mouse_y < canvas_top + canvas_edge;
}

static void colour(const view* v, SDL_Color c) {
  SDL_SetRenderDrawColor(v->renderer, c.r, c.g, c.b, c.a);
}

/* A picture of coverage [height, width], from canvas to ink, scaled to `at`. */
static void show_coverage(const view* v, const float* coverage, uint32_t width, uint32_t height, SDL_Rect at) {
  SDL_Surface* surface = SDL_CreateRGBSurfaceWithFormat(0, (int)width, (int)height, 32, SDL_PIXELFORMAT_ARGB8888);
  if (surface == NULL) return;
  for (uint32_t row = 0; row < height; ++row) {
    Uint32* pixels = (Uint32*)((Uint8*)surface->pixels + (size_t)row * (size_t)surface->pitch);
    for (uint32_t column = 0; column < width; ++column) {
      const float here = coverage[(size_t)row * width + column];
      const Uint8 r = (Uint8)lroundf((float)canvas.r + here * (float)(ink.r - canvas.r));
      const Uint8 g = (Uint8)lroundf((float)canvas.g + here * (float)(ink.g - canvas.g));
      const Uint8 b = (Uint8)lroundf((float)canvas.b + here * (float)(ink.b - canvas.b));
      pixels[column] = SDL_MapRGB(surface->format, r, g, b);
    }
  }
  SDL_Texture* texture = SDL_CreateTextureFromSurface(v->renderer, surface);
  SDL_FreeSurface(surface);
  SDL_RenderCopy(v->renderer, texture, NULL, &at);
  SDL_DestroyTexture(texture);
}

static void show_classes(const view* v, const classifier* c, int left, int top) {
  for (uint32_t rank = 0; rank < 5 && rank < c->model.classes; ++rank, top += 36) {
    const float share = c->shares[c->order[rank]];
    char room[16], percent[16], name[6];
    snprintf(percent, sizeof percent, "%.1f %%", 100.0 * (double)share);
    snprintf(name, sizeof name, "%s", classifier_name(c, rank, room));
    const int unit = name[0] != '\0' && name[1] != '\0' ? 2 : 4; /* words small, and no more of them than has room */
    colour(v, bar);
    SDL_RenderFillRect(v->renderer, &(SDL_Rect){left + 60, top, (int)(100 * share) + 1, 22});
    colour(v, rank == 0 ? ink : text);
    stroke_text(v->renderer, left, top, unit, name);
    stroke_text(v->renderer, left + 170, top + 5, 2, percent);
  }
}

void view_show(const view* v, const drawing* d, const classifier* c, const char* keys) {
  static float coverage[canvas_edge * canvas_edge];
  const int left = canvas_left + canvas_edge + 20;
  char line[96];
  colour(v, paper);
  SDL_RenderClear(v->renderer);
  const placement as_drawn = {1, -canvas_left, -canvas_top, 9};
  drawing_coverage(d, as_drawn, canvas_edge, canvas_edge, coverage);
  show_coverage(v, coverage, canvas_edge, canvas_edge, (SDL_Rect){canvas_left, canvas_top, canvas_edge, canvas_edge});
  colour(v, text);
  stroke_text(v->renderer, canvas_left, canvas_top + canvas_edge + 14, 2, c->model.source);
  stroke_text(v->renderer, canvas_left, canvas_top + canvas_edge + 42, 2, keys);
  if (d->point_count > 0) {
    show_coverage(v, c->coverage, c->model.width, c->model.height, (SDL_Rect){left, canvas_top, 112, 112});
    show_classes(v, c, left, canvas_top + 136);
    snprintf(line, sizeof line, "%.2f ms", c->mean_ms);
  } else {
    stroke_text(v->renderer, left, canvas_top + 50, 2, "draw a glyph");
    snprintf(line, sizeof line, "- ms");
  }
  colour(v, ink);
  stroke_text(v->renderer, left, canvas_top + 330, 3, line);
  snprintf(line, sizeof line, "%.1f kB packed", (double)c->packed_bytes / 1e3);
  stroke_text(v->renderer, left, canvas_top + 366, 3, line);
  SDL_RenderPresent(v->renderer);
}

void view_close(view* v) {
  if (v->renderer != NULL) SDL_DestroyRenderer(v->renderer);
  if (v->window != NULL) SDL_DestroyWindow(v->window);
  SDL_Quit();
}
