// SPDX-License-Identifier: Apache-2.0
/* Tuning files named by a session's options: which are taken, which are put aside, which are refused. */
#include <string.h>

#include "capi_test.h"

static lowtide_device* device = NULL;

static lowtide_status open_with(const char* path, const char* tuning, lowtide_session** session) {
  const lowtide_session_options options = {.struct_size = sizeof options, .device = device, .tuning = tuning};
  return lowtide_open(path, &options, session);
}

static void expect_taken(const char* path, const char* tuning, const float* logits) {
  lowtide_session* session = NULL;
  char copy[512] = "";
  if (tuning != NULL) snprintf(copy, sizeof copy, "%s", tuning);
  CHECK(open_with(path, tuning == NULL ? NULL : copy, &session) == LOWTIDE_OK);
  memset(copy, 'x', sizeof copy); /* the text is the caller's again */
  float again[kLogits];
  CHECK(lowtide_run_u8(session, pixels, kImages, again, kLogits) == LOWTIDE_OK);
  CHECK(memcmp(logits, again, sizeof again) == 0);
  lowtide_close(session);
}

static void expect_refused(const char* path, const char* tuning, lowtide_status status) {
  lowtide_session* session = NULL;
  CHECK(open_with(path, tuning, &session) == status && session == NULL);
  CHECK(strstr(lowtide_last_error(), tuning) != NULL);
}

static void write_text(const char* path, const char* text) {
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

void test_tuning(const char* path, const float* logits) {
  const lowtide_device_options options = {.struct_size = sizeof options, .cache_folder = ""};
  CHECK(lowtide_device_open(&options, &device) == LOWTIDE_OK);
  expect_taken(path, NULL, logits);
  expect_taken(path, "", logits);
  expect_taken(path, "off", logits);
  expect_refused(path, "no/such/tuning", LOWTIDE_NOT_FOUND);

  char file[512];
  CHECK(snprintf(file, sizeof file, "%s.%p.tuning.txt", path, (void*)device) < (int)sizeof file);
  write_text(file, "no tuning file\n");
  expect_refused(path, file, LOWTIDE_FORMAT);
  write_text(file, "lowtide tuning 1\ndevice another\ndriver another\nkey 0-0\nkernels 0000000000000000\n");
  expect_taken(path, file, logits);
  CHECK(remove(file) == 0);
  lowtide_device_close(device);
}
