// SPDX-License-Identifier: Apache-2.0
/* What the files of the C API's test share: the model of make_model, its images, and a check that ends the program. */
#ifndef LOWTIDE_CAPI_TEST_H
#define LOWTIDE_CAPI_TEST_H

#include <lowtide.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "%s:%d: %s\n%s\n", __FILE__, __LINE__, #condition, lowtide_last_error()); \
      exit(1);                                                                                  \
    }                                                                                           \
  } while (0)

enum { kHeight = 6, kWidth = 5, kChannels = 3, kClasses = 7, kElements = kHeight * kWidth * kChannels, kImages = 5 };
enum { kLogits = kImages * kClasses };

extern uint8_t pixels[kImages * kElements];

/* `logits` are those of the pixels, from lowtide_run. Each ends the program where something is not as it should be. */
void test_devices(const char* path, const float* logits);
void test_features(const char* path);
void test_submissions(const char* path, const float* logits);
void test_struct_sizes(const char* path);
void test_threads(const char* path, const float* logits);
void test_tuning(const char* path, const float* logits);

#endif
