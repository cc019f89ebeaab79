// SPDX-License-Identifier: Apache-2.0
/* Submissions: several in flight, polling, waiting with a time, what ends them early. */
#include <string.h>

#include "capi_test.h"

enum { kBatch = 64, kBatchLogits = kBatch * kClasses, kRing = 3, kUntouched = 0x5a };

static uint8_t many_pixels[kBatch * kElements];
static float many_images[kBatch * kElements];
static float expected[kBatchLogits];
static float ring[kRing][kBatchLogits];

static int is_untouched(const float* logits) {
  const unsigned char* bytes = (const unsigned char*)logits;
  for (size_t i = 0; i < sizeof(float) * kBatchLogits; ++i) {
    if (bytes[i] != kUntouched) return 0;
  }
  return 1;
}

static int is_expected(const float* logits) { return memcmp(logits, expected, sizeof expected) == 0; }

static void clear(void) { memset(ring, kUntouched, sizeof ring); }

static lowtide_ticket submit(lowtide_session* session, float* logits) {
  lowtide_ticket ticket = 0;
  CHECK(lowtide_submit_u8(session, many_pixels, kBatch, logits, kBatchLogits, &ticket) == LOWTIDE_OK && ticket > 0);
  return ticket;
}

/* Many submissions over few buffers: each comes out as lowtide_run has it, and the session says when it is full. */
static void test_many(lowtide_session* session) {
  lowtide_ticket tickets[kRing] = {0};
  int busy = 0;
  clear();
  for (int i = 0; i < 60; ++i) {
    float* logits = ring[i % kRing];
    lowtide_ticket* ticket = &tickets[i % kRing];
    if (*ticket != 0) {
      CHECK(lowtide_wait(session, *ticket, LOWTIDE_FOREVER) == LOWTIDE_OK && is_expected(logits));
      memset(logits, kUntouched, sizeof ring[0]);
    }
    const lowtide_ticket last = *ticket;
    lowtide_status status = lowtide_submit_u8(session, many_pixels, kBatch, logits, kBatchLogits, ticket);
    if (status == LOWTIDE_BUSY) { /* two of three buffers are in flight, and so many may be */
      ++busy;
      CHECK(*ticket == last && is_untouched(logits) && lowtide_last_error()[0] != '\0');
      CHECK(lowtide_wait(session, tickets[(i + 1) % kRing], LOWTIDE_FOREVER) == LOWTIDE_OK);
      status = lowtide_submit_f32(session, many_images, kBatch, logits, kBatchLogits, ticket);
    }
    CHECK(status == LOWTIDE_OK && *ticket > last);
  }
  CHECK(busy > 0);
  for (int i = 0; i < kRing; ++i) {
    CHECK(lowtide_wait(session, tickets[i], LOWTIDE_FOREVER) == LOWTIDE_OK && is_expected(ring[i]));
  }
}

static void test_polling_and_waiting(lowtide_session* session) {
  int early = 0, late = 0;
  for (int i = 0; i < 50 && (early == 0 || late == 0); ++i) {
    clear();
    const lowtide_ticket ticket = submit(session, ring[0]);
    uint32_t is_done = 7;
    CHECK(lowtide_poll(session, ticket, &is_done) == LOWTIDE_OK && is_done <= 1);
    CHECK(is_done == 1 ? is_expected(ring[0]) : is_untouched(ring[0]));
    early += is_done == 0;
    while (is_done == 0) CHECK(lowtide_poll(session, ticket, &is_done) == LOWTIDE_OK);
    CHECK(is_expected(ring[0]));
    CHECK(lowtide_poll(session, ticket, &is_done) == LOWTIDE_OK && is_done == 1); /* and stays so */

    clear();
    const lowtide_ticket next = submit(session, ring[1]);
    const lowtide_status status = lowtide_wait(session, next, 1000); /* a microsecond */
    CHECK(status == LOWTIDE_OK ? is_expected(ring[1]) : status == LOWTIDE_TIMEOUT && is_untouched(ring[1]));
    late += status == LOWTIDE_TIMEOUT;
    CHECK(lowtide_wait(session, next, UINT64_C(60000000000)) == LOWTIDE_OK && is_expected(ring[1]));
  }
  CHECK(early > 0 && late > 0);
}

static void test_order_and_buffers(lowtide_session* session) {
  clear();
  const lowtide_ticket first = submit(session, ring[0]);
  static uint8_t scratch[kElements];
  memcpy(scratch, many_pixels, sizeof scratch);
  lowtide_ticket second = 0;
  CHECK(lowtide_submit_u8(session, scratch, 1, ring[1], kClasses, &second) == LOWTIDE_OK && second > first);
  memset(scratch, 0, sizeof scratch); /* the images are the caller's again */
  CHECK(lowtide_wait(session, second, LOWTIDE_FOREVER) == LOWTIDE_OK);
  CHECK(is_expected(ring[0])); /* what was submitted before is done too */
  CHECK(memcmp(ring[1], expected, sizeof(float) * kClasses) == 0);

  /* A run, and another batch, come after what is in flight. */
  clear();
  submit(session, ring[0]);
  CHECK(lowtide_run_u8(session, many_pixels, 1, ring[1], kClasses) == LOWTIDE_OK);
  CHECK(is_expected(ring[0]) && memcmp(ring[1], expected, sizeof(float) * kClasses) == 0);
  const lowtide_ticket last = submit(session, ring[2]);
  CHECK(lowtide_set_batch(session, 1) == LOWTIDE_OK && is_expected(ring[2]));
  CHECK(lowtide_wait(session, last, 0) == LOWTIDE_OK);
  CHECK(lowtide_set_batch(session, kBatch) == LOWTIDE_OK);
}

static void test_refusals(lowtide_session* session) {
  lowtide_ticket ticket = 7;
  uint32_t is_done = 7;
  float logits[kClasses];
  CHECK(lowtide_submit_u8(NULL, many_pixels, 1, logits, kClasses, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_f32(NULL, many_images, 1, logits, kClasses, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_u8(session, NULL, 1, logits, kClasses, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_u8(session, many_pixels, 1, NULL, kClasses, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_u8(session, many_pixels, 1, logits, kClasses - 1, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_u8(session, many_pixels, 1, logits, kClasses, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_set_batch(session, 1) == LOWTIDE_OK);
  CHECK(lowtide_submit_u8(session, many_pixels, 2, ring[0], 2 * kClasses, &ticket) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_set_batch(session, kBatch) == LOWTIDE_OK && ticket == 7);
  CHECK(lowtide_poll(NULL, 1, &is_done) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_wait(NULL, 1, 0) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_poll(session, 1, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_poll(session, 0, &is_done) == LOWTIDE_INVALID_ARGUMENT && is_done == 7);
  CHECK(lowtide_wait(session, UINT64_MAX, LOWTIDE_FOREVER) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_submit_u8(session, NULL, 0, NULL, 0, &ticket) == LOWTIDE_OK); /* no images are no error */
  CHECK(lowtide_wait(session, ticket, LOWTIDE_FOREVER) == LOWTIDE_OK);
}

void test_submissions(const char* path, const float* logits) {
  lowtide_device* device = NULL;
  const lowtide_device_options device_options = {.struct_size = sizeof device_options, .cache_folder = ""};
  CHECK(lowtide_device_open(&device_options, &device) == LOWTIDE_OK);
  const lowtide_session_options options = {
      .struct_size = sizeof options, .device = device, .batch = kBatch, .in_flight = 2};
  lowtide_session* session = NULL;
  CHECK(lowtide_open(path, &options, &session) == LOWTIDE_OK);
  lowtide_model model = {.struct_size = sizeof model};
  CHECK(lowtide_get_model(session, &model) == LOWTIDE_OK);
  for (int i = 0; i < kBatch * kElements; ++i) {
    many_pixels[i] = pixels[i % (kImages * kElements)];
    const double mean = (double)model.mean[i % kChannels], deviation = (double)model.deviation[i % kChannels];
    many_images[i] = (float)(((double)many_pixels[i] / 255.0 - mean) / deviation);
  }
  for (int i = 0; i < kBatchLogits; ++i) expected[i] = logits[i % kLogits];
  test_refusals(session);
  test_many(session);
  test_polling_and_waiting(session);
  test_order_and_buffers(session);

  /* What is in flight when its session is closed writes nowhere, not even after its time. */
  clear();
  submit(session, ring[0]);
  submit(session, ring[1]);
  lowtide_close(session);
  lowtide_device_close(device); /* waits for the device */
  CHECK(is_untouched(ring[0]) && is_untouched(ring[1]));
}
