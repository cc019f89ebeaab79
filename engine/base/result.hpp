// SPDX-License-Identifier: Apache-2.0
// Result<T>: what a function returns when the world can make it fail. The error is a sentence for a person: what was
// expected, what was found, what to do; `reasons` lists the details (one rejected device, one bad tensor, ... a line).
// The place that handles an error reports it; nobody logs and returns.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace lowtide {

enum class ErrorCode {
  invalid_argument,  // a request that can never work: bad flag, unknown key, shape that does not fit
  not_found,         // a file, tensor, device or name that is not there
  io,                // reading or writing failed
  format,            // a file whose bytes are not what its format says
  unsupported,       // the device or this build lacks something
  out_of_memory,     // host or device
  device_lost,       // the driver gave up on the device
  numeric,           // NaN or infinity where a finite number must be
  interrupted,       // the user asked to stop
};

// Lower-case words, for messages and the C API.
const char* error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::invalid_argument;
  std::string text;
  std::vector<std::string> reasons;

  // The sentence, then each reason on a line of its own.
  std::string to_string() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string text, std::vector<std::string> reasons = {}) {
  return tl::unexpected<Error>(Error{code, std::move(text), std::move(reasons)});
}

}  // namespace lowtide

#define LOWTIDE_CONCAT_INNER(a, b) a##b
#define LOWTIDE_CONCAT(a, b) LOWTIDE_CONCAT_INNER(a, b)

// LOWTIDE_TRY(declaration, expression): returns the error of `expression`, else initialises `declaration` with its
// value.
#define LOWTIDE_TRY(declaration, expression) LOWTIDE_TRY_IMPL(LOWTIDE_CONCAT(try_, __LINE__), declaration, expression)
#define LOWTIDE_TRY_IMPL(name, declaration, expression)        \
  auto name = (expression);                                    \
  if (!name) return ::tl::unexpected(std::move(name).error()); \
  declaration = std::move(*name)

// LOWTIDE_TRY_VOID(expression): the same for Result<void>, or where the value is not wanted.
#define LOWTIDE_TRY_VOID(expression) LOWTIDE_TRY_VOID_IMPL(LOWTIDE_CONCAT(try_, __LINE__), expression)
#define LOWTIDE_TRY_VOID_IMPL(name, expression)                                            \
  do {                                                                                     \
    if (auto name = (expression); !name) return ::tl::unexpected(std::move(name).error()); \
  } while (false)
