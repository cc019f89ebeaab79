// SPDX-License-Identifier: Apache-2.0
// lowtide.h over Session: versions, errors, opening models, what a model and its layers are.
#include <string>
#include <string_view>
#include <utility>

#include "engine/infer/capi_detail.hpp"

namespace {

using namespace lowtide::infer::capi;
using lowtide::ErrorCode;
using lowtide::Result;

thread_local std::string last_error;

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
    if (known.in_flight != 0) options.in_flight = known.in_flight;
    if (known.tuning != nullptr) options.tuning = known.tuning;
    auto opened = std::make_unique<lowtide_session>();
    if (known.device != nullptr) {
      opened->context = known.device->context;
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
    LOWTIDE_TRY_VOID(require_session(session));
    LOWTIDE_TRY_VOID(require(index == 0, "a model has one input and one output, of index 0"));
    return write_struct(describe(*session, name), tensor);
  });
}

lowtide_arithmetic arithmetic_of(std::string_view op) {
  if (op.starts_with("packed_")) return LOWTIDE_ARITHMETIC_PACKED;
  for (const std::string_view mover : {"pack", "unpack", "concat", "copy", "fill", "reshape"}) {
    if (op == mover) return LOWTIDE_ARITHMETIC_MOVES;
  }
  return LOWTIDE_ARITHMETIC_FLOAT;
}

}  // namespace

void lowtide::infer::capi::set_last_error(std::string text) noexcept {
  last_error = std::move(text);
}

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
  if (status == LOWTIDE_BUSY) return "busy";
  if (status == LOWTIDE_TIMEOUT) return "timeout";
  if (status < LOWTIDE_OK || status > LOWTIDE_INTERNAL) return "unknown";
  return lowtide::error_code_name(static_cast<ErrorCode>(status - 1));
}

const char* lowtide_last_error(void) {
  return last_error.c_str();
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
    LOWTIDE_TRY_VOID(require_session(session));
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

lowtide_status lowtide_get_session_device(const lowtide_session* session, lowtide_device_info* info) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require_session(session));
    return write_struct(describe_device(session->session->context()), info);
  });
}

lowtide_status lowtide_session_query(const lowtide_session* session, lowtide_feature feature, uint64_t* answer) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require_session(session));
    return query(&session->session->context(), feature, answer);
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
    LOWTIDE_TRY_VOID(require_session(session));
    LOWTIDE_TRY_VOID(require(index < session->layers.size(),
                             "no such layer; lowtide_layer_count takes down the layers and gives their number"));
    const lowtide::infer::LayerRun& row = session->layers[index];
    lowtide_layer filled = {};
    filled.name = row.layer.c_str();
    filled.kernel = row.kernel.c_str();
    filled.dispatch_count = row.dispatch_count;
    filled.seconds = row.seconds;
    filled.op = row.op.c_str();
    filled.arithmetic = arithmetic_of(row.op);
    filled.is_fallback = row.is_fallback ? 1 : 0;
    filled.constant_bytes = row.constant_bytes;
    return write_struct(filled, layer);
  });
}
