// SPDX-License-Identifier: Apache-2.0
/* Several sessions on several threads, on one device: each gives what a single thread gives, run or submitted. */
#include <pthread.h>
#include <string.h>

#include "capi_test.h"

enum { kThreads = 4 };

struct job {
  lowtide_device* device;
  const void* bytes;
  size_t byte_count;
  const float* logits;
};

static void* run_job(void* argument) {
  const struct job* job = argument;
  CHECK(strcmp(lowtide_last_error(), "") == 0); /* another thread's errors are not ours */
  lowtide_session* session = NULL;
  const lowtide_session_options wrong = {.struct_size = 1};
  CHECK(lowtide_open_memory(job->bytes, job->byte_count, &wrong, &session) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(strstr(lowtide_last_error(), "struct_size") != NULL);
  const lowtide_session_options options = {.struct_size = sizeof options, .device = job->device, .batch = 2};
  CHECK(lowtide_open_memory(job->bytes, job->byte_count, &options, &session) == LOWTIDE_OK);
  for (uint32_t repeat = 0; repeat < 5; ++repeat) {
    float logits[kLogits];
    CHECK(lowtide_run_u8(session, pixels, kImages, logits, kLogits) == LOWTIDE_OK);
    CHECK(memcmp(logits, job->logits, sizeof logits) == 0);
    lowtide_ticket first = 0, second = 0;
    float early[2 * kClasses], late[2 * kClasses];
    CHECK(lowtide_submit_u8(session, pixels, 2, early, 2 * kClasses, &first) == LOWTIDE_OK);
    CHECK(lowtide_submit_u8(session, pixels + 2 * kElements, 2, late, 2 * kClasses, &second) == LOWTIDE_OK);
    CHECK(lowtide_wait(session, second, LOWTIDE_FOREVER) == LOWTIDE_OK);
    CHECK(memcmp(early, job->logits, sizeof early) == 0 && memcmp(late, job->logits + 2 * kClasses, sizeof late) == 0);
    CHECK(lowtide_set_batch(session, 2 + repeat % 2) == LOWTIDE_OK);
  }
  lowtide_close(session);
  return NULL;
}

void test_threads(const char* path, const float* logits) {
  static char bytes[1 << 20];
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  const size_t byte_count = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  lowtide_device* device = NULL;
  const lowtide_device_options options = {.struct_size = sizeof options, .cache_folder = ""};
  CHECK(lowtide_device_open(&options, &device) == LOWTIDE_OK);
  CHECK(strstr(lowtide_device_description(device), "device") != NULL);
  struct job job = {device, bytes, byte_count, logits};
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, run_job, &job) == 0);
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  lowtide_device_close(device);
}
