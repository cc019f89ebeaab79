// SPDX-License-Identifier: Apache-2.0
/* Strokes to pictures. A line has round ends; where lines cross, the greater coverage counts. */
#include "samples/draw_digit/drawing.h"

#include <math.h>
#include <string.h>

void drawing_clear(drawing* d) {
  d->point_count = d->stroke_count = 0;
}

void drawing_add(drawing* d, float x, float y, int begins_stroke) {
  if (d->point_count == most_points) return;
  d->points[d->point_count++] = (pen_point){x, y, begins_stroke};
  d->stroke_count += begins_stroke ? 1 : 0;
}

placement drawing_centred(const drawing* d, uint32_t width, uint32_t height, float share, float smallest) {
  if (d->point_count == 0) return (placement){.scale = 1};
  float left = d->points[0].x, right = left, top = d->points[0].y, bottom = top;
  for (uint32_t i = 1; i < d->point_count; ++i) {
    left = fminf(left, d->points[i].x);
    right = fmaxf(right, d->points[i].x);
    top = fminf(top, d->points[i].y);
    bottom = fmaxf(bottom, d->points[i].y);
  }
  const float side = (float)(width < height ? width : height);
  const float box = fmaxf(smallest, fmaxf(right - left, bottom - top));
  const float scale = share * side / box;
  return (placement){.scale = scale,
                     .shift_x = ((float)width - scale * (left + right)) / 2,
                     .shift_y = ((float)height - scale * (top + bottom)) / 2,
                     .radius = side / 28}; /* the middle of what the glyphs of 28 x 28 pixels are drawn with */
}

/* The pixels [first, end) of `count` whose coverage a line from a to b can change. */
static void pixel_range(float a, float b, float reach, uint32_t count, uint32_t* first, uint32_t* end) {
  const float most = (float)count;
  *first = (uint32_t)fminf(fmaxf(floorf(fminf(a, b) - reach), 0), most);
  *end = (uint32_t)fminf(fmaxf(floorf(fmaxf(a, b) + reach) + 1, 0), most);
}

static void cover_line(float ax, float ay, float bx, float by, float radius, uint32_t width, uint32_t height,
                       float* coverage) {
  const float reach = radius + 0.5f, along_x = bx - ax, along_y = by - ay;
  const float squared = along_x * along_x + along_y * along_y;
  uint32_t left, right, top, bottom;
  pixel_range(ax, bx, reach, width, &left, &right);
  pixel_range(ay, by, reach, height, &top, &bottom);
  for (uint32_t row = top; row < bottom; ++row) {
    for (uint32_t column = left; column < right; ++column) {
      const float x = (float)column + 0.5f - ax, y = (float)row + 0.5f - ay; /* the pixel's middle */
      const float t = squared > 0 ? fminf(fmaxf((x * along_x + y * along_y) / squared, 0), 1) : 0;
      const float away_x = x - t * along_x, away_y = y - t * along_y;
      const float here = fminf(fmaxf(reach - sqrtf(away_x * away_x + away_y * away_y), 0), 1);
      float* pixel = &coverage[(size_t)row * width + column];
      *pixel = fmaxf(*pixel, here);
    }
  }
}

void drawing_coverage(const drawing* d, placement at, uint32_t width, uint32_t height, float* coverage) {
  memset(coverage, 0, (size_t)width * height * sizeof *coverage);
  for (uint32_t i = 0; i < d->point_count; ++i) {
    const pen_point* to = &d->points[i];
    const pen_point* from = to->begins_stroke ? to : to - 1; /* a stroke of one point is a dot */
    cover_line(at.scale * from->x + at.shift_x, at.scale * from->y + at.shift_y, at.scale * to->x + at.shift_x,
               at.scale * to->y + at.shift_y, at.radius, width, height, coverage);
  }
}
