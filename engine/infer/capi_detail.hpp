// SPDX-License-Identifier: Apache-2.0
// What the files of the C API share: its handles, errors as codes, structs that are read and written only as far as
// their struct_size says. No exception and no C++ type leaves these files.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/infer/lowtide.h"
#include "engine/infer/session.hpp"

struct lowtide_device {
  std::shared_ptr<lowtide::runtime::Context> context;  // shared with the sessions on it
  std::string description;
};

struct lowtide_session {
  std::shared_ptr<lowtide::runtime::Context> context;  // empty where the session has a device of its own
  std::unique_ptr<lowtide::infer::Session> session;    // dies before the context
  std::string description;
  std::vector<lowtide::infer::LayerRun> layers;  // as lowtide_layer_count took them down
};

namespace lowtide::infer::capi {

inline constexpr size_t kMaxStructBytes = 4096;  // more is no struct of any version, but a field that was not set

// Sets what lowtide_last_error gives on this thread.
void set_last_error(std::string text) noexcept;

constexpr lowtide_status status_of(ErrorCode code) {
  return static_cast<lowtide_status>(code) + 1;
}
static_assert(status_of(ErrorCode::invalid_argument) == LOWTIDE_INVALID_ARGUMENT);
static_assert(status_of(ErrorCode::out_of_memory) == LOWTIDE_OUT_OF_MEMORY);
static_assert(status_of(ErrorCode::interrupted) == LOWTIDE_INTERRUPTED);

// Runs `body`, which returns Result<void> or Result<lowtide_status>, and turns whatever goes wrong into a status.
template <class Body>
lowtide_status guarded(const Body& body) noexcept {
  try {
    const auto result = body();
    if (!result) {
      set_last_error(result.error().to_string());
      return status_of(result.error().code);
    }
    if constexpr (std::is_same_v<std::decay_t<decltype(result)>, Result<lowtide_status>>) return *result;
    return LOWTIDE_OK;
  } catch (const std::bad_alloc&) {
    set_last_error({});
    return LOWTIDE_OUT_OF_MEMORY;
  } catch (...) {
    set_last_error({});
    return LOWTIDE_INTERNAL;
  }
}

inline Result<void> require(bool condition, const char* what) {
  if (condition) return {};
  return fail(ErrorCode::invalid_argument, what);
}

inline Result<void> require_session(const lowtide_session* session) {
  return require(session != nullptr, "the session is NULL");
}

inline Result<void> check_struct_size(size_t bytes) {
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
  LOWTIDE_TRY_VOID(check_struct_size(given->struct_size));
  std::memcpy(&known, given, std::min(given->struct_size, sizeof(Struct)));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (size_t i = sizeof(Struct); i < given->struct_size; ++i) {
    if (bytes[i] != 0) {
      return fail(ErrorCode::unsupported, "an option is set that this version of the library does not know");
    }
  }
  return known;
}

// Fills a caller's struct: an older one in part; what a newer one has beyond this library is zero.
template <class Struct>
Result<void> write_struct(Struct filled, Struct* target) {
  LOWTIDE_TRY_VOID(require(target != nullptr, "the struct to fill is NULL"));
  LOWTIDE_TRY_VOID(check_struct_size(target->struct_size));
  const size_t bytes = target->struct_size;
  filled.struct_size = bytes;
  std::memset(static_cast<void*>(target), 0, bytes);
  std::memcpy(static_cast<void*>(target), &filled, std::min(bytes, sizeof(Struct)));
  return {};
}

// What a session or device is opened with.
Result<SessionOptions> device_options(const lowtide_device_options* given);

// The answers of a device; those of the library alone where `context` is nullptr.
Result<void> query(const runtime::Context* context, lowtide_feature feature, uint64_t* answer);

// The device behind a context. Its texts live as long as the context.
lowtide_device_info describe_device(const runtime::Context& context);

}  // namespace lowtide::infer::capi
