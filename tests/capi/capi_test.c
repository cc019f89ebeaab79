// SPDX-License-Identifier: Apache-2.0
/* The C API from C11: capi_test MODEL, where MODEL is small.safetensors of make_model. Uses every function of lowtide.h
 * and ends with status 1 at the first thing that is not as the header says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

static void test_version_and_errors(void) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", LOWTIDE_VERSION_MAJOR, LOWTIDE_VERSION_MINOR, LOWTIDE_VERSION_PATCH);
  CHECK(strcmp(lowtide_version_string(), text) == 0);
  CHECK(lowtide_version() == LOWTIDE_VERSION_MAJOR * 1000000 + LOWTIDE_VERSION_MINOR * 1000 + LOWTIDE_VERSION_PATCH);
  CHECK(strcmp(lowtide_last_error(), "") == 0);
  for (lowtide_status status = -1; status < 20; ++status) CHECK(lowtide_status_name(status)[0] != '\0');
  CHECK(strcmp(lowtide_status_name(LOWTIDE_OK), "ok") == 0);
  CHECK(strcmp(lowtide_status_name(LOWTIDE_OUT_OF_MEMORY), "out of memory") == 0);
  CHECK(strcmp(lowtide_status_name(LOWTIDE_BUSY), "busy") == 0);
  CHECK(strcmp(lowtide_status_name(LOWTIDE_TIMEOUT), "timeout") == 0);
}

static void test_null_arguments(const char* path) {
  lowtide_session* session = NULL;
  lowtide_tensor tensor = {.struct_size = sizeof tensor};
  lowtide_model model = {.struct_size = sizeof model};
  lowtide_layer layer = {.struct_size = sizeof layer};
  CHECK(lowtide_open(NULL, NULL, &session) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_open(path, NULL, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_open_memory(NULL, 10, NULL, &session) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_open(NULL, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_input(NULL, 0, &tensor) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_output(NULL, 0, &tensor) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_model(NULL, &model) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_layer(NULL, 0, &layer) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_run_f32(NULL, NULL, 0, NULL, 0) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_run_u8(NULL, NULL, 0, NULL, 0) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_set_batch(NULL, 1) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_input_count(NULL) == 0 && lowtide_output_count(NULL) == 0 && lowtide_layer_count(NULL) == 0);
  CHECK(lowtide_class_name(NULL, 0) == NULL && lowtide_session_device(NULL) == NULL);
  CHECK(lowtide_device_description(NULL) == NULL);
  lowtide_close(NULL);
  lowtide_device_close(NULL);
  CHECK(session == NULL);
}

static void test_wrong_arguments(const char* path) {
  lowtide_session* session = NULL;
  CHECK(lowtide_open("no/such/model", NULL, &session) == LOWTIDE_NOT_FOUND);
  CHECK(strstr(lowtide_last_error(), "no/such/model") != NULL);
  const char junk[64] = "this is no model";
  CHECK(lowtide_open_memory(junk, sizeof junk, NULL, &session) == LOWTIDE_FORMAT);
  lowtide_session_options options = {.struct_size = 0};
  CHECK(lowtide_open(path, &options, &session) == LOWTIDE_INVALID_ARGUMENT);
  lowtide_device_options wrong = {.struct_size = sizeof wrong, .validation = 3};
  options.struct_size = sizeof options;
  options.device_options = &wrong;
  CHECK(lowtide_open(path, &options, &session) == LOWTIDE_INVALID_ARGUMENT);
  wrong.validation = 0;
  wrong.device = "no such device";
  CHECK(lowtide_open(path, &options, &session) == LOWTIDE_NOT_FOUND);
  CHECK(session == NULL);
}

static void test_description(const lowtide_session* session, uint32_t batch) {
  lowtide_model model = {.struct_size = sizeof model};
  CHECK(lowtide_get_model(session, &model) == LOWTIDE_OK);
  CHECK(model.height == kHeight && model.width == kWidth && model.channels == kChannels && model.classes == kClasses);
  CHECK(strcmp(model.network, "small") == 0 && strcmp(model.source, "random weights") == 0);
  CHECK(model.mean[1] == 0.25f && model.deviation[0] == 0.25f);
  CHECK(strcmp(lowtide_class_name(session, 6), "class 6") == 0 && lowtide_class_name(session, 7) == NULL);
  CHECK(strstr(lowtide_session_device(session), "device") != NULL);

  lowtide_tensor tensor = {.struct_size = sizeof tensor};
  CHECK(lowtide_input_count(session) == 1 && lowtide_output_count(session) == 1);
  CHECK(lowtide_get_input(session, 1, &tensor) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_input(session, 0, &tensor) == LOWTIDE_OK);
  CHECK(strcmp(tensor.name, "images") == 0 && tensor.rank == 4 && tensor.extents[0] == batch);
  CHECK(tensor.extents[1] == kHeight && tensor.extents[2] == kWidth && tensor.extents[3] == kChannels);
  CHECK(lowtide_get_output(session, 0, &tensor) == LOWTIDE_OK);
  CHECK(strcmp(tensor.name, "logits") == 0 && tensor.rank == 2 && tensor.extents[1] == kClasses);
}

uint8_t pixels[kImages * kElements];

/* Logits of the pixels; f32 and u8 must agree in every bit. */
static void run_both(lowtide_session* session, float logits[kLogits]) {
  static float images[kImages * kElements];
  lowtide_model model = {.struct_size = sizeof model};
  CHECK(lowtide_get_model(session, &model) == LOWTIDE_OK);
  for (int i = 0; i < kImages * kElements; ++i) {
    const double mean = (double)model.mean[i % kChannels], deviation = (double)model.deviation[i % kChannels];
    images[i] = (float)(((double)pixels[i] / 255.0 - mean) / deviation);
  }
  float from_images[kLogits];
  CHECK(lowtide_run_u8(session, pixels, kImages, logits, kLogits) == LOWTIDE_OK);
  CHECK(lowtide_run_f32(session, images, kImages, from_images, kLogits) == LOWTIDE_OK);
  CHECK(memcmp(logits, from_images, sizeof from_images) == 0);
  int different = 0;
  for (int i = 0; i < kLogits; ++i) {
    CHECK(isfinite(logits[i]));
    different += logits[i] != logits[i % kClasses];
  }
  CHECK(different > 0);
}

static void test_runs(lowtide_session* session, float logits[kLogits]) {
  float again[kLogits];
  run_both(session, logits);
  CHECK(lowtide_run_u8(session, pixels, kImages, again, kLogits - 1) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_run_u8(session, pixels, SIZE_MAX / 2, again, kLogits) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_run_u8(session, NULL, 1, again, kClasses) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_run_f32(session, NULL, 0, NULL, 0) == LOWTIDE_OK);
  CHECK(lowtide_set_batch(session, 0) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_set_batch(session, 3) == LOWTIDE_OK);
  test_description(session, 3);
  run_both(session, again);
  CHECK(memcmp(logits, again, sizeof again) == 0);
}

static void test_layers(lowtide_session* session) {
  lowtide_layer layer = {.struct_size = sizeof layer};
  const uint32_t count = lowtide_layer_count(session);
  CHECK(count >= 4);
  double seconds = 0.0;
  uint64_t bytes = 0;
  uint32_t by_arithmetic[3] = {0};
  for (uint32_t i = 0; i < count; ++i) {
    CHECK(lowtide_get_layer(session, i, &layer) == LOWTIDE_OK);
    CHECK(layer.name[0] != '\0' && layer.kernel[0] != '\0' && layer.dispatch_count > 0 && layer.seconds >= 0.0);
    const char* fallback = layer.is_fallback ? "  (fallback)" : "";
    CHECK(layer.is_fallback <= (strstr(layer.kernel, "naive") != NULL));
    seconds += layer.seconds;
    bytes += layer.constant_bytes;
    by_arithmetic[layer.arithmetic] += layer.dispatch_count;
    if (strcmp(layer.name, "second") == 0) CHECK(strcmp(layer.op, "packed_conv2d") == 0);
    printf("%-12s %-40s %8.1f us%s\n", layer.name, layer.kernel, layer.seconds * 1e6, fallback);
  }
  CHECK(by_arithmetic[LOWTIDE_ARITHMETIC_MOVES] == 1); /* first.pack */
  CHECK(by_arithmetic[LOWTIDE_ARITHMETIC_FLOAT] >= 1 && by_arithmetic[LOWTIDE_ARITHMETIC_PACKED] >= 2);
  CHECK(bytes > 5000 && bytes < 20000); /* of some 6,000 weights, of 2 bits but in the first layer */
  CHECK(strcmp(layer.name, "last") == 0 && seconds > 0.0);
  CHECK(lowtide_get_layer(session, count, &layer) == LOWTIDE_INVALID_ARGUMENT);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: capi_test MODEL\n");
    return 2;
  }
  const char* path = argv[1];
  for (unsigned i = 0; i < sizeof pixels; ++i) pixels[i] = (uint8_t)(i * 2654435761u >> 24);
  test_version_and_errors();
  test_null_arguments(path);
  test_wrong_arguments(path);
  const lowtide_session_options options = {.struct_size = sizeof options, .batch = 2, .profile = 1};
  lowtide_session* session = NULL;
  CHECK(lowtide_open(path, &options, &session) == LOWTIDE_OK);
  test_description(session, 2);
  float logits[kLogits];
  test_runs(session, logits);
  test_layers(session);
  lowtide_close(session);
  test_struct_sizes(path);
  test_devices(path, logits);
  test_features(path);
  test_submissions(path, logits);
  test_threads(path, logits);
  test_tuning(path, logits);
  printf("ok\n");
  return 0;
}
