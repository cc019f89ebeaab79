// SPDX-License-Identifier: Apache-2.0
/* Callers that were compiled when structs were shorter, and when they were longer. */
#include <stddef.h>
#include <string.h>

#include "capi_test.h"

/* Fills a struct of an older caller, which ends at `field`, and one of a newer caller, which has eight bytes more: the
 * older one's memory behind the field stays as it was, the newer one's is zero. */
#define CHECK_FILLED(type, field, call)                                                   \
  do {                                                                                    \
    union {                                                                               \
      type known;                                                                         \
      unsigned char bytes[sizeof(type) + 8];                                              \
    } caller;                                                                             \
    type* const filled = &caller.known;                                                   \
    memset(&caller, 0x5a, sizeof caller);                                                 \
    filled->struct_size = offsetof(type, field);                                          \
    CHECK((call) == LOWTIDE_OK && filled->struct_size == offsetof(type, field));          \
    for (size_t i = offsetof(type, field); i < sizeof caller; ++i) CHECK(caller.bytes[i] == 0x5a); \
    memset(&caller, 0x5a, sizeof caller);                                                 \
    filled->struct_size = sizeof caller;                                                  \
    CHECK((call) == LOWTIDE_OK && filled->struct_size == sizeof caller);                  \
    for (size_t i = sizeof(type); i < sizeof caller; ++i) CHECK(caller.bytes[i] == 0);    \
    filled->struct_size = 0;                                                              \
    CHECK((call) == LOWTIDE_INVALID_ARGUMENT);                                            \
    filled->struct_size = 1u << 20;                                                       \
    CHECK((call) == LOWTIDE_INVALID_ARGUMENT);                                            \
  } while (0)

static void test_filled(lowtide_session* session, const lowtide_device* device, const lowtide_device_list* list) {
  CHECK(lowtide_layer_count(session) > 0);
  CHECK_FILLED(lowtide_tensor, rank, lowtide_get_input(session, 0, filled));
  CHECK_FILLED(lowtide_tensor, extents, lowtide_get_output(session, 0, filled));
  CHECK_FILLED(lowtide_model, mean, lowtide_get_model(session, filled));
  CHECK_FILLED(lowtide_layer, op, lowtide_get_layer(session, 0, filled));
  CHECK_FILLED(lowtide_device_info, kind, lowtide_get_device(device, filled));
  CHECK_FILLED(lowtide_device_info, kind, lowtide_get_session_device(session, filled));
  CHECK_FILLED(lowtide_device_info, kind, lowtide_device_list_get(list, 0, filled));
}

void test_struct_sizes(const char* path) {
  struct {
    lowtide_device_options known;
    uint64_t later;
  } longer_device = {.known = {.struct_size = sizeof longer_device, .cache_folder = ""}, .later = 0};
  lowtide_device* device = NULL;
  lowtide_device* other_device = NULL;
  CHECK(lowtide_device_open(&longer_device.known, &device) == LOWTIDE_OK);
  longer_device.later = 1;
  CHECK(lowtide_device_open(&longer_device.known, &other_device) == LOWTIDE_UNSUPPORTED && other_device == NULL);

  struct {
    lowtide_session_options known;
    uint64_t later;
  } longer = {.known = {.struct_size = sizeof longer, .device = device}, .later = 0};
  lowtide_session* session = NULL;
  lowtide_session* other = NULL;
  CHECK(lowtide_open(path, &longer.known, &session) == LOWTIDE_OK);
  longer.later = 1;
  CHECK(lowtide_open(path, &longer.known, &other) == LOWTIDE_UNSUPPORTED && other == NULL);

  /* What lies behind an older caller's struct is not read: 99 would be too many in flight. */
  lowtide_session_options shorter = {
      .struct_size = offsetof(lowtide_session_options, in_flight), .device = device, .in_flight = 99};
  CHECK(lowtide_open(path, &shorter, &other) == LOWTIDE_OK);
  lowtide_close(other);
  other = NULL;
  shorter.struct_size = sizeof shorter;
  CHECK(lowtide_open(path, &shorter, &other) == LOWTIDE_INVALID_ARGUMENT && other == NULL);
  shorter = (lowtide_session_options){
      .struct_size = offsetof(lowtide_session_options, tuning), .device = device, .tuning = "no/such/file"};
  CHECK(lowtide_open(path, &shorter, &other) == LOWTIDE_OK);
  lowtide_close(other);
  other = NULL;
  lowtide_device_options shorter_device = {
      .struct_size = offsetof(lowtide_device_options, validation), .cache_folder = "", .validation = 3};
  CHECK(lowtide_device_open(&shorter_device, &other_device) == LOWTIDE_OK);
  lowtide_device_close(other_device);

  lowtide_device_list* list = NULL;
  CHECK(lowtide_device_list_open(&list) == LOWTIDE_OK);
  test_filled(session, device, list);
  lowtide_device_list_close(list);
  lowtide_close(session);
  lowtide_device_close(device);
}
