// SPDX-License-Identifier: Apache-2.0
/* classify MODEL: opens a packed model, runs one grey image and prints the class of the greatest logit. */
#include <lowtide.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  lowtide_session* session = NULL;
  if (argc != 2 || lowtide_open(argv[1], NULL, &session) != LOWTIDE_OK) {
    fprintf(stderr, "classify: %s\n", lowtide_last_error());
    return 1;
  }
  lowtide_model model = {.struct_size = sizeof model};
  lowtide_get_model(session, &model);
  const size_t count = (size_t)model.height * model.width * model.channels;
  uint8_t* pixels = malloc(count);
  float* logits = malloc(model.classes * sizeof *logits);
  if (pixels == NULL || logits == NULL) return 1;
  memset(pixels, 128, count);
  if (lowtide_run_u8(session, pixels, 1, logits, model.classes) != LOWTIDE_OK) {
    fprintf(stderr, "classify: %s\n", lowtide_last_error());
    return 1;
  }
  uint32_t best = 0;
  for (uint32_t i = 1; i < model.classes; ++i) best = logits[i] > logits[best] ? i : best;
  printf("lowtide %s says %s\n", lowtide_version_string(), lowtide_class_name(session, best));
  free(pixels);
  free(logits);
  lowtide_close(session);
  return 0;
}
