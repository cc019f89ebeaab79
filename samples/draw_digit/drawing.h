// SPDX-License-Identifier: Apache-2.0
/* What the pen drew: strokes as lines of points, and pictures of them. Strokes keep no thickness: a picture gives them
 * the one that it wants. Knows neither window nor network. */
#ifndef DRAW_DIGIT_DRAWING_H
#define DRAW_DIGIT_DRAWING_H

#include <stdint.h>

enum { most_points = 4096 };

typedef struct pen_point {
  float x, y;        /* in the window's units */
  int begins_stroke; /* no line leads here from the point before */
} pen_point;

typedef struct drawing {
  pen_point points[most_points];
  uint32_t point_count;
  uint32_t stroke_count;
} drawing;

void drawing_clear(drawing* d);
/* A point beyond the last one that there is room for is left out. */
void drawing_add(drawing* d, float x, float y, int begins_stroke);

/* Where a point p of the drawing comes to lie in a picture, scale * p + shift, and half the thickness of lines there.
 */
typedef struct placement {
  float scale, shift_x, shift_y, radius;
} placement;

/* As the training data's pictures are made: the box around the ink is scaled, its proportions kept, to `share` of the
 * picture's lesser side, and centred; a dot stays a dot. `smallest`: boxes below this size count as that large. */
placement drawing_centred(const drawing* d, uint32_t width, uint32_t height, float share, float smallest);

/* coverage [height, width]: 1 where ink is, falling to 0 over one pixel around `radius`. */
void drawing_coverage(const drawing* d, placement at, uint32_t width, uint32_t height, float* coverage);

#endif
