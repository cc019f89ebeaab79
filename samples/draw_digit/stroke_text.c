// SPDX-License-Identifier: Apache-2.0
/* The strokes: pairs of digits are points, x from 0 to 4 and y from 0, the top, to 6; a blank lifts the pen. */
#include "samples/draw_digit/stroke_text.h"

#include <ctype.h>

static const struct {
  char letter;
  const char* strokes;
} font[] = {
    {'0', "103041453616050110 1432"},
    {'1', "112026 1636"},
    {'2', "01103041420646"},
    {'3', "01103041423323 334445361605"},
    {'4', "36300444"},
    {'5', "400002324345361605"},
    {'6', "413010010516364544331304"},
    {'7', "004016"},
    {'8', "103041423313020110 1304051636454433"},
    {'9', "051636454130100102133342"},
    {'A', "062046 1434"},
    {'B', "003041423303 334445360600"},
    {'C', "4130100105163645"},
    {'D', "00304145360600"},
    {'E', "40000646 0333"},
    {'F', "400006 0333"},
    {'G', "41301001051636454323"},
    {'H', "0006 4046 0343"},
    {'I', "1030 2026 1636"},
    {'J', "4045361605"},
    {'K', "0006 400346"},
    {'L', "000646"},
    {'M', "0600234046"},
    {'N', "06004640"},
    {'O', "103041453616050110"},
    {'P', "06003041423303"},
    {'Q', "103041453616050110 2446"},
    {'R', "06003041423303 2346"},
    {'S', "413010010213334445361605"},
    {'T', "0040 2026"},
    {'U', "000516364540"},
    {'V', "002640"},
    {'W', "0016233640"},
    {'X', "0046 4006"},
    {'Y', "002340 2326"},
    {'Z', "00400646"},
    {'.', "2526"},
    {',', "2516"},
    {':', "2122 2425"},
    {'%', "4006 0010110100 3545463635"},
    {'/', "4006"},
    {'-', "1333"},
    {'=', "0242 0444"},
    {'_', "0646"},
    {'(', "30212536"},
    {')', "10212516"},
};

static const char* strokes_of(char letter) {
  for (size_t i = 0; i < sizeof font / sizeof *font; ++i) {
    if (font[i].letter == letter) return font[i].strokes;
  }
  return "";
}

void stroke_text(SDL_Renderer* renderer, int x, int y, int unit, const char* text) {
  for (; *text != '\0'; ++text, x += 6 * unit) {
    const char* strokes = strokes_of((char)toupper((unsigned char)*text));
    for (; *strokes != '\0'; strokes += 2) {
      if (*strokes == ' ') ++strokes; /* the next pair starts a stroke */
      if (strokes[2] == ' ' || strokes[2] == '\0') continue;
      const int from_x = x + unit * (strokes[0] - '0'), from_y = y + unit * (strokes[1] - '0');
      const int to_x = x + unit * (strokes[2] - '0'), to_y = y + unit * (strokes[3] - '0');
      for (int right = 0; right < unit / 2; ++right) { /* strokes grow with the letters */
        for (int down = 0; down < unit / 2; ++down) {
          SDL_RenderDrawLine(renderer, from_x + right, from_y + down, to_x + right, to_y + down);
        }
      }
    }
  }
}
