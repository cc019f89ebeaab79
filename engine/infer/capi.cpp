// SPDX-License-Identifier: Apache-2.0
// lowtide.h over Session: no exception and no C++ type leaves this file. Structs of callers are read and written only
// as far as their struct_size says.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/infer/lowtide.h"
#include "engine/infer/session.hpp"

struct lowtide_device {
  std::unique_ptr<lowtide::runtime::Context> context;
  std::string description;
};

struct lowtide_session {
  std::unique_ptr<lowtide::infer::Session> session;
  std::string description;
  std::vector<lowtide::infer::LayerRun> layers;  // as lowtide_layer_count took them down
};

namespace {

using lowtide::Error;
using lowtide::ErrorCode;
using lowtide::fail;
using lowtide::Result;

constexpr size_t kMaxStructBytes = 4096;  // more is no struct of any version, but a field that was not set

thread_local std::string last_error;

lowtide_status status_of(ErrorCode code) {
  return static_cast<lowtide_status>(code) + 1;
}
static_assert(static_cast<int>(ErrorCode::invalid_argument) + 1 == LOWTIDE_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorCode::out_of_memory) + 1 == LOWTIDE_OUT_OF_MEMORY);
static_assert(static_cast<int>(ErrorCode::interrupted) + 1 == LOWTIDE_INTERRUPTED);

// Runs `body`, which returns Result<void>, and turns whatever goes wrong into a status.
template <class Body>
lowtide_status guarded(const Body& body) noexcept {
  try {
    const Result<void> result = body();
    if (result) return LOWTIDE_OK;
    last_error = result.error().to_string();
    return status_of(result.error().code);
  } catch (const std::bad_alloc&) {
    last_error.clear();
    return LOWTIDE_OUT_OF_MEMORY;
  } catch (...) {
    last_error.clear();
    return LOWTIDE_INTERNAL;
  }
}

Result<void> require(bool condition, const char* what) {
  if (condition) return {};
  return fail(ErrorCode::invalid_argument, what);
}

template <class Struct>
Result<void> check_struct_size(const Struct* given) {
  const size_t bytes = given->struct_size;
  if (bytes >= sizeof(size_t) && bytes <= kMaxStructBytes) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("struct_size is {}; set it to sizeof of the struct before the call", bytes));
}

// An options struct as this library knows it: what an older caller lacks is zero; what a newer one asks for in fields
// that are not known here is an error, not ignored.
template <class Struct>
Result<Struct> read_options(const Struct* given) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct known = {};
  if (given == nullptr) return known;
  LOWTIDE_TRY_VOID(check_struct_size(given));
  std::memcpy(&known, given, std::min(given->struct_size, sizeof(Struct)));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (size_t i = sizeof(Struct); i < given->struct_size; ++i) {
    if (bytes[i] != 0) {
      return fail(ErrorCode::unsupported, "an option is set that this version of the library does not know");
    }
  }
  return known;
}

template <class Struct>
Result<void> write_struct(Struct filled, Struct* target) {
  LOWTIDE_TRY_VOID(require(target != nullptr, "the struct to fill is NULL"));
  LOWTIDE_TRY_VOID(check_struct_size(target));
  const size_t bytes = target->struct_size;
  filled.struct_size = bytes;
  std::memset(static_cast<void*>(target), 0, bytes);
  std::memcpy(target, &filled, std::min(bytes, sizeof(Struct)));
  return {};
}

Result<lowtide::infer::SessionOptions> device_options(const lowtide_device_options* given) {
  LOWTIDE_TRY(const lowtide_device_options known, read_options(given));
  LOWTIDE_TRY_VOID(require(known.validation <= 2, "validation is 0 (as the environment says), 1 (off) or 2 (on)"));
  lowtide::infer::SessionOptions options;
  if (known.device != nullptr) options.device = known.device;
  if (known.cache_folder != nullptr) options.cache_folder = known.cache_folder;
  if (known.validation != 0) options.validation = known.validation == 2;
  return options;
}

// `open_own(options)` opens a session with a device of its own, `open_shared(context, options)` one on an open device.
template <class OpenOwn, class OpenShared>
lowtide_status open_session(const lowtide_session_options* given, lowtide_session** out, const OpenOwn& open_own,
                            const OpenShared& open_shared) noexcept {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(out != nullptr, "the place for the session is NULL"));
    LOWTIDE_TRY(const lowtide_session_options known, read_options(given));
    LOWTIDE_TRY(lowtide::infer::SessionOptions options, device_options(known.device_options));
    options.batch = known.batch == 0 ? 1 : known.batch;
    options.profile = known.profile != 0;
    auto opened = std::make_unique<lowtide_session>();
    if (known.device != nullptr) {
      LOWTIDE_TRY(opened->session, open_shared(*known.device->context, options));
    } else {
      LOWTIDE_TRY(opened->session, open_own(options));
    }
    opened->description = opened->session->context().banner();
    *out = opened.release();
    return {};
  });
}

lowtide_tensor describe(const lowtide_session& session, const char* name) {
  const lowtide::graph::Graph& graph = session.session->graph();
  const lowtide::Shape& shape = graph.desc(graph.find(name)).shape;
  lowtide_tensor tensor = {};
  tensor.name = name;
  tensor.rank = shape.rank();
  for (uint32_t axis = 0; axis < shape.rank(); ++axis) tensor.extents[axis] = shape[axis];
  return tensor;
}

lowtide_status get_tensor(const lowtide_session* session, uint32_t index, const char* name,
                          lowtide_tensor* tensor) noexcept {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(session != nullptr, "the session is NULL"));
    LOWTIDE_TRY_VOID(require(index == 0, "a model has one input and one output, of index 0"));
    return write_struct(describe(*session, name), tensor);
  });
}

template <class Element>
lowtide_status run(lowtide_session* session, const Element* images, size_t image_count, float* logits,
                   size_t logit_count) noexcept {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(session != nullptr, "the session is NULL"));
    LOWTIDE_TRY_VOID(require((images != nullptr && logits != nullptr) || image_count == 0, "a buffer is NULL"));
    const uint64_t image_elements = session->session->image_elements();
    LOWTIDE_TRY_VOID(require(image_count <= SIZE_MAX / sizeof(float) / image_elements, "too many images"));
    const std::span<const Element> from(images, image_count * static_cast<size_t>(image_elements));
    return session->session->run(from, std::span<float>(logits, logit_count));
  });
}

}  // namespace

uint32_t lowtide_version(void) {
  return LOWTIDE_VERSION_MAJOR * 1000000u + LOWTIDE_VERSION_MINOR * 1000u + LOWTIDE_VERSION_PATCH;
}

#define LOWTIDE_TEXT_INNER(x) #x
#define LOWTIDE_TEXT(x) LOWTIDE_TEXT_INNER(x)
const char* lowtide_version_string(void) {
  return LOWTIDE_TEXT(LOWTIDE_VERSION_MAJOR) "." LOWTIDE_TEXT(LOWTIDE_VERSION_MINOR) "." LOWTIDE_TEXT(
      LOWTIDE_VERSION_PATCH);
}

const char* lowtide_status_name(lowtide_status status) {
  if (status == LOWTIDE_OK) return "ok";
  if (status == LOWTIDE_INTERNAL) return "internal";
  if (status < LOWTIDE_OK || status > LOWTIDE_INTERNAL) return "unknown";
  return lowtide::error_code_name(static_cast<ErrorCode>(status - 1));
}

const char* lowtide_last_error(void) {
  return last_error.c_str();
}

lowtide_status lowtide_device_open(const lowtide_device_options* options, lowtide_device** device) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(device != nullptr, "the place for the device is NULL"));
    LOWTIDE_TRY(const lowtide::infer::SessionOptions known, device_options(options));
    auto opened = std::make_unique<lowtide_device>();
    LOWTIDE_TRY(opened->context, lowtide::runtime::Context::create(lowtide::infer::context_options(known)));
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

lowtide_status lowtide_open(const char* path, const lowtide_session_options* options, lowtide_session** session) {
  if (path == nullptr) return guarded([] { return require(false, "the path is NULL"); });
  using lowtide::infer::Session;
  return open_session(
      options, session, [&](const auto& known) { return Session::open(path, known); },
      [&](lowtide::runtime::Context& context, const auto& known) { return Session::open(context, path, known); });
}

lowtide_status lowtide_open_memory(const void* bytes, size_t byte_count, const lowtide_session_options* options,
                                   lowtide_session** session) {
  if (bytes == nullptr) return guarded([] { return require(false, "the model's bytes are NULL"); });
  using lowtide::infer::Session;
  const std::span<const std::byte> model(static_cast<const std::byte*>(bytes), byte_count);
  constexpr std::string_view kSource = "the model in memory";
  return open_session(
      options, session, [&](const auto& known) { return Session::open(model, kSource, known); },
      [&](lowtide::runtime::Context& context, const auto& known) {
        return Session::open(context, model, kSource, known);
      });
}

void lowtide_close(lowtide_session* session) {
  delete session;
}

uint32_t lowtide_input_count(const lowtide_session* session) {
  return session == nullptr ? 0 : 1;
}

uint32_t lowtide_output_count(const lowtide_session* session) {
  return session == nullptr ? 0 : 1;
}

lowtide_status lowtide_get_input(const lowtide_session* session, uint32_t index, lowtide_tensor* tensor) {
  return get_tensor(session, index, lowtide::model::kInputName.data(), tensor);
}

lowtide_status lowtide_get_output(const lowtide_session* session, uint32_t index, lowtide_tensor* tensor) {
  return get_tensor(session, index, lowtide::model::kOutputName.data(), tensor);
}

lowtide_status lowtide_get_model(const lowtide_session* session, lowtide_model* model) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(session != nullptr, "the session is NULL"));
    const lowtide::model::ModelInfo& info = session->session->info();
    lowtide_model filled = {};
    filled.network = info.network.c_str();
    filled.source = info.source.c_str();
    filled.height = info.height;
    filled.width = info.width;
    filled.channels = info.channels;
    filled.classes = info.classes;
    filled.mean = info.mean.data();
    filled.deviation = info.deviation.data();
    return write_struct(filled, model);
  });
}

const char* lowtide_class_name(const lowtide_session* session, uint32_t index) {
  if (session == nullptr || index >= session->session->info().class_names.size()) return nullptr;
  return session->session->info().class_names[index].c_str();
}

const char* lowtide_session_device(const lowtide_session* session) {
  return session == nullptr ? nullptr : session->description.c_str();
}

lowtide_status lowtide_run_f32(lowtide_session* session, const float* images, size_t image_count, float* logits,
                               size_t logit_count) {
  return run(session, images, image_count, logits, logit_count);
}

lowtide_status lowtide_run_u8(lowtide_session* session, const uint8_t* pixels, size_t image_count, float* logits,
                              size_t logit_count) {
  return run(session, pixels, image_count, logits, logit_count);
}

lowtide_status lowtide_set_batch(lowtide_session* session, uint32_t batch) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(session != nullptr, "the session is NULL"));
    return session->session->set_batch(batch);
  });
}

uint32_t lowtide_layer_count(lowtide_session* session) {
  if (session == nullptr) return 0;
  const lowtide_status status = guarded([&]() -> Result<void> {
    session->layers = session->session->layers();
    return {};
  });
  return status == LOWTIDE_OK ? static_cast<uint32_t>(session->layers.size()) : 0;
}

lowtide_status lowtide_get_layer(const lowtide_session* session, uint32_t index, lowtide_layer* layer) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require(session != nullptr, "the session is NULL"));
    LOWTIDE_TRY_VOID(require(index < session->layers.size(),
                             "no such layer; lowtide_layer_count takes down the layers and gives their number"));
    const lowtide::infer::LayerRun& row = session->layers[index];
    lowtide_layer filled = {};
    filled.name = row.layer.c_str();
    filled.kernel = row.kernel.c_str();
    filled.dispatch_count = row.dispatch_count;
    filled.seconds = row.seconds;
    return write_struct(filled, layer);
  });
}
