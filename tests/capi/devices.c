// SPDX-License-Identifier: Apache-2.0
/* Devices: which there are, which one was taken, what the library and they can do; who may be closed first. */
#include <string.h>

#include "capi_test.h"

static lowtide_device_info first_usable(void) {
  lowtide_device_list* list = NULL;
  lowtide_device_info info = {.struct_size = sizeof info}, usable = {.struct_size = 0};
  CHECK(lowtide_device_list_open(NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_list_open(&list) == LOWTIDE_OK);
  const uint32_t count = lowtide_device_list_count(list);
  for (uint32_t i = 0; i < count; ++i) {
    CHECK(lowtide_device_list_get(list, i, &info) == LOWTIDE_OK && info.index == i);
    CHECK(info.name[0] != '\0' && info.driver[0] != '\0');
    CHECK(info.kind >= LOWTIDE_DEVICE_OTHER && info.kind <= LOWTIDE_DEVICE_SOFTWARE && info.memory_bytes > 0);
    printf("device %u: %s, %s%s%s\n", i, info.name, info.driver, info.rejection != NULL ? ": " : "",
           info.rejection != NULL ? info.rejection : "");
    if (info.rejection == NULL && usable.struct_size == 0) usable = info;
  }
  CHECK(usable.struct_size != 0);
  CHECK(lowtide_device_list_get(list, count, &info) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_list_get(list, 0, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_list_get(NULL, 0, &info) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_list_count(NULL) == 0);
  lowtide_device_list_close(NULL);
  lowtide_device_list_close(list); /* its texts go with it */
  usable.name = usable.driver = NULL;
  return usable;
}

void test_devices(const char* path, const float* logits) {
  const lowtide_device_info wanted = first_usable();
  char index[16];
  snprintf(index, sizeof index, "%u", wanted.index);
  const lowtide_device_options options = {.struct_size = sizeof options, .device = index, .cache_folder = ""};
  lowtide_device* device = NULL;
  lowtide_device_info info = {.struct_size = sizeof info}, again = {.struct_size = sizeof again};
  CHECK(lowtide_get_device(NULL, &info) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_device_open(&options, &device) == LOWTIDE_OK);
  CHECK(lowtide_get_device(device, &info) == LOWTIDE_OK && lowtide_get_device(device, NULL) != LOWTIDE_OK);
  CHECK(info.index == wanted.index && info.kind == wanted.kind && info.memory_bytes == wanted.memory_bytes);
  CHECK(info.rejection == NULL && strstr(lowtide_device_description(device), info.name) != NULL);

  const lowtide_session_options on_device = {.struct_size = sizeof on_device, .device = device};
  lowtide_session* session = NULL;
  CHECK(lowtide_open(path, &on_device, &session) == LOWTIDE_OK);
  CHECK(lowtide_get_session_device(NULL, &again) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_get_session_device(session, &again) == LOWTIDE_OK);
  CHECK(again.index == info.index && strcmp(again.name, info.name) == 0 && strcmp(again.driver, info.driver) == 0);
  lowtide_device_close(device); /* the session keeps what it needs */
  float kept[kLogits];
  CHECK(lowtide_run_u8(session, pixels, kImages, kept, kLogits) == LOWTIDE_OK);
  CHECK(memcmp(kept, logits, sizeof kept) == 0);
  CHECK(lowtide_get_session_device(session, &again) == LOWTIDE_OK && again.name[0] != '\0');
  lowtide_close(session);
}

void test_features(const char* path) {
  uint64_t answer = 0, oldest = 0;
  CHECK(lowtide_query(LOWTIDE_FEATURE_FORMAT_NEWEST, NULL) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_query(LOWTIDE_FEATURE_FORMAT_NEWEST, &answer) == LOWTIDE_OK);
  CHECK(lowtide_query(LOWTIDE_FEATURE_FORMAT_OLDEST, &oldest) == LOWTIDE_OK && oldest >= 1 && oldest <= answer);
  CHECK(lowtide_query(LOWTIDE_FEATURE_MAX_BITS, &answer) == LOWTIDE_OK && answer == 8);
  CHECK(lowtide_query(LOWTIDE_FEATURE_KERNELS, &answer) == LOWTIDE_OK && answer > 20);
  CHECK(lowtide_query(LOWTIDE_FEATURE_MAX_IN_FLIGHT, &answer) == LOWTIDE_OK && answer >= 2);

  lowtide_device* device = NULL;
  const lowtide_device_options options = {.struct_size = sizeof options, .cache_folder = ""};
  CHECK(lowtide_device_open(&options, &device) == LOWTIDE_OK);
  const lowtide_session_options too_many = {
      .struct_size = sizeof too_many, .device = device, .in_flight = (uint32_t)answer + 1};
  const lowtide_session_options on_device = {
      .struct_size = sizeof on_device, .device = device, .in_flight = (uint32_t)answer};
  lowtide_session* session = NULL;
  CHECK(lowtide_open(path, &too_many, &session) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_open(path, &on_device, &session) == LOWTIDE_OK);
  lowtide_device_info info = {.struct_size = sizeof info};
  CHECK(lowtide_get_device(device, &info) == LOWTIDE_OK);

  for (lowtide_feature feature = 1; feature < 300; ++feature) {
    uint64_t of_library = 7, of_device = 7, of_session = 7;
    const lowtide_status status = lowtide_device_query(device, feature, &of_device);
    CHECK(status == LOWTIDE_OK || (status == LOWTIDE_UNSUPPORTED && of_device == 7));
    CHECK(lowtide_session_query(session, feature, &of_session) == status && of_session == of_device);
    const int is_librarys = status == LOWTIDE_OK && feature < LOWTIDE_FEATURE_SOFTWARE;
    CHECK(lowtide_query(feature, &of_library) == (is_librarys ? LOWTIDE_OK : LOWTIDE_UNSUPPORTED));
    CHECK(of_library == (is_librarys ? of_device : 7));
    const int is_yes_or_no = feature >= LOWTIDE_FEATURE_SOFTWARE && feature <= LOWTIDE_FEATURE_DEVICE_ADDRESS;
    const int is_quantity = feature >= LOWTIDE_FEATURE_SUBGROUP_SIZE && feature <= LOWTIDE_FEATURE_VULKAN_VERSION;
    if (is_yes_or_no) CHECK(status == LOWTIDE_OK && of_device <= 1);
    if (is_quantity) CHECK(status == LOWTIDE_OK && of_device > 0);
  }
  CHECK(lowtide_device_query(device, LOWTIDE_FEATURE_SOFTWARE, &answer) == LOWTIDE_OK);
  CHECK(answer == (info.kind == LOWTIDE_DEVICE_SOFTWARE));
  CHECK(lowtide_device_query(device, LOWTIDE_FEATURE_MEMORY_BYTES, &answer) == LOWTIDE_OK && answer == info.memory_bytes);
  CHECK(lowtide_device_query(device, LOWTIDE_FEATURE_VULKAN_VERSION, &answer) == LOWTIDE_OK && answer >= 1003);
  CHECK(lowtide_device_query(NULL, LOWTIDE_FEATURE_SOFTWARE, &answer) == LOWTIDE_INVALID_ARGUMENT);
  CHECK(lowtide_session_query(NULL, LOWTIDE_FEATURE_SOFTWARE, &answer) == LOWTIDE_INVALID_ARGUMENT);
  lowtide_close(session);
  lowtide_device_close(device);
}
