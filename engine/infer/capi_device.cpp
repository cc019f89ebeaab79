// SPDX-License-Identifier: Apache-2.0
// lowtide.h over runtime::Context: devices, and what the library and they can do.
#include <optional>

#include "engine/infer/capi_detail.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/tensor/dtype.hpp"
#include "engine/verify/open_device.hpp"

struct lowtide_device_list {
  std::vector<lowtide::runtime::DeviceListing> devices;
};

namespace lowtide::infer::capi {
namespace {

constexpr uint32_t kNoFeature = 0;

// Questions about optional features: the bit of each.
uint32_t feature_bit(lowtide_feature feature) {
  switch (feature) {
    case LOWTIDE_FEATURE_FLOAT16:
      return bit(Feature::float16);
    case LOWTIDE_FEATURE_INT8:
      return bit(Feature::int8);
    case LOWTIDE_FEATURE_STORAGE8:
      return bit(Feature::storage8);
    case LOWTIDE_FEATURE_STORAGE16:
      return bit(Feature::storage16);
    case LOWTIDE_FEATURE_INTEGER_DOT:
      return bit(Feature::integer_dot);
    case LOWTIDE_FEATURE_SUBGROUPS:
      return bit(Feature::subgroup_arithmetic);
    case LOWTIDE_FEATURE_COOPERATIVE_MATRIX:
      return bit(Feature::cooperative_matrix);
    case LOWTIDE_FEATURE_DEVICE_ADDRESS:
      return bit(Feature::device_address);
    default:
      return kNoFeature;
  }
}

std::optional<uint64_t> library_answer(lowtide_feature feature) {
  switch (feature) {
    case LOWTIDE_FEATURE_FORMAT_NEWEST:
    case LOWTIDE_FEATURE_FORMAT_OLDEST:  // a reader refuses every other version
      return model::kFormatVersion;
    case LOWTIDE_FEATURE_MAX_BITS:
      return planes_of(DType::b8);
    case LOWTIDE_FEATURE_MAX_IN_FLIGHT:
      return kMaxInFlight;
    case LOWTIDE_FEATURE_KERNELS:
      return kernel_bank().size();
    default:
      return std::nullopt;
  }
}

std::optional<uint64_t> device_answer(const DeviceCaps& caps, lowtide_feature feature) {
  if (const uint32_t mask = feature_bit(feature); mask != kNoFeature) return caps.has(mask) ? 1 : 0;
  switch (feature) {
    case LOWTIDE_FEATURE_SOFTWARE:
      return caps.is_software() ? 1 : 0;
    case LOWTIDE_FEATURE_LAYER_TIMES:
      return caps.timestamp_period_ns > 0.0f ? 1 : 0;
    case LOWTIDE_FEATURE_SUBGROUP_SIZE:
      return caps.subgroup_size;
    case LOWTIDE_FEATURE_MEMORY_BYTES:
      return caps.device_memory_bytes;
    case LOWTIDE_FEATURE_MAX_BUFFER_BYTES:
      return std::min(caps.max_storage_buffer_bytes, caps.max_allocation_bytes);
    case LOWTIDE_FEATURE_VULKAN_VERSION:  // as Vulkan packs it: 7 bits of major from bit 22 on, 10 bits of minor
      return uint64_t{(caps.api_version >> 22) & 0x7fu} * 1000 + ((caps.api_version >> 12) & 0x3ffu);
    default:
      return std::nullopt;
  }
}

constexpr lowtide_device_kind kind_of(DeviceKind kind) {
  return static_cast<lowtide_device_kind>(kind);
}
static_assert(kind_of(DeviceKind::other) == LOWTIDE_DEVICE_OTHER);
static_assert(kind_of(DeviceKind::integrated) == LOWTIDE_DEVICE_INTEGRATED);
static_assert(kind_of(DeviceKind::discrete) == LOWTIDE_DEVICE_DISCRETE);
static_assert(kind_of(DeviceKind::virtual_gpu) == LOWTIDE_DEVICE_VIRTUAL);
static_assert(kind_of(DeviceKind::cpu) == LOWTIDE_DEVICE_SOFTWARE);

lowtide_device_info describe(const DeviceCaps& caps, uint32_t index) {
  lowtide_device_info info = {};
  info.name = caps.name.c_str();
  info.driver = caps.driver.c_str();
  info.kind = kind_of(caps.kind);
  info.index = index;
  info.memory_bytes = caps.device_memory_bytes;
  return info;
}

}  // namespace

Result<void> query(const runtime::Context* context, lowtide_feature feature, uint64_t* answer) {
  LOWTIDE_TRY_VOID(require(answer != nullptr, "the place for the answer is NULL"));
  std::optional<uint64_t> found = library_answer(feature);
  if (!found && context != nullptr) found = device_answer(context->caps(), feature);
  if (!found) {
    return fail(ErrorCode::unsupported,
                fmt::format("feature {} is none that {} can say; see LOWTIDE_FEATURE_... in lowtide.h", feature,
                            context == nullptr ? "the library without a device" : "the library or its device"));
  }
  *answer = *found;
  return {};
}

lowtide_device_info describe_device(const runtime::Context& context) {
  return describe(context.caps(), context.device_index());
}

Result<SessionOptions> device_options(const lowtide_device_options* given) {
  LOWTIDE_TRY(const lowtide_device_options known, read_options(given));
  LOWTIDE_TRY_VOID(require(known.validation <= 2, "validation is 0 (as the environment says), 1 (off) or 2 (on)"));
  SessionOptions options;
  if (known.device != nullptr) options.device = known.device;
  if (known.cache_folder != nullptr) options.cache_folder = known.cache_folder;
  if (known.validation != 0) options.validation = known.validation == 2;
  return options;
}

}  // namespace lowtide::infer::capi

using namespace lowtide::infer::capi;
using lowtide::Result;

lowtide_status lowtide_query(lowtide_feature feature, uint64_t* answer) {
  return guarded([&] { return query(nullptr, feature, answer); });
}

lowtide_status lowtide_device_query(const lowtide_device* device, lowtide_feature feature, uint64_t* answer) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(device != nullptr, "the device is NULL"));
    return query(device->context.get(), feature, answer);
  });
}

lowtide_status lowtide_device_list_open(lowtide_device_list** list) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(list != nullptr, "the place for the list is NULL"));
    auto opened = std::make_unique<lowtide_device_list>();
    LOWTIDE_TRY(opened->devices, lowtide::runtime::list_devices());
    *list = opened.release();
    return {};
  });
}

void lowtide_device_list_close(lowtide_device_list* list) {
  delete list;
}

uint32_t lowtide_device_list_count(const lowtide_device_list* list) {
  return list == nullptr ? 0 : static_cast<uint32_t>(list->devices.size());
}

lowtide_status lowtide_device_list_get(const lowtide_device_list* list, uint32_t index, lowtide_device_info* info) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(list != nullptr, "the list is NULL"));
    LOWTIDE_TRY_VOID(require(index < list->devices.size(), "there is no such device; see lowtide_device_list_count"));
    const lowtide::runtime::DeviceListing& row = list->devices[index];
    lowtide_device_info filled = describe(row.caps, index);
    if (!row.rejection.empty()) filled.rejection = row.rejection.c_str();
    return write_struct(filled, info);
  });
}

lowtide_status lowtide_device_open(const lowtide_device_options* options, lowtide_device** device) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(device != nullptr, "the place for the device is NULL"));
    LOWTIDE_TRY(const lowtide::infer::SessionOptions known, device_options(options));
    auto opened = std::make_unique<lowtide_device>();
    LOWTIDE_TRY(opened->context, lowtide::verify::open_device(lowtide::infer::context_options(known)));
    opened->description = opened->context->banner();
    *device = opened.release();
    return {};
  });
}

void lowtide_device_close(lowtide_device* device) {
  delete device;
}

const char* lowtide_device_description(const lowtide_device* device) {
  return device == nullptr ? nullptr : device->description.c_str();
}

lowtide_status lowtide_get_device(const lowtide_device* device, lowtide_device_info* info) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(device != nullptr, "the device is NULL"));
    return write_struct(describe_device(*device->context), info);
  });
}
