// SPDX-License-Identifier: Apache-2.0
/* Text of straight strokes: capitals, digits and a few signs on a grid of 5 x 7 points. Small letters show as capitals.
 */
#ifndef DRAW_DIGIT_STROKE_TEXT_H
#define DRAW_DIGIT_STROKE_TEXT_H

#include <SDL.h>

/* In the renderer's colour, its upper left corner at (x, y); `unit`: pixels between points of the grid. Letters stand
 * 6 units apart and are 6 units high. What there is no letter for stays blank. */
void stroke_text(SDL_Renderer* renderer, int x, int y, int unit, const char* text);

#endif
