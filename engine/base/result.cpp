// SPDX-License-Identifier: Apache-2.0
// Text forms of errors.
#include "engine/base/result.hpp"

namespace lowtide {

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid argument";
    case ErrorCode::not_found:
      return "not found";
    case ErrorCode::io:
      return "input/output";
    case ErrorCode::format:
      return "format";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::out_of_memory:
      return "out of memory";
    case ErrorCode::device_lost:
      return "device lost";
    case ErrorCode::numeric:
      return "numeric";
    case ErrorCode::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string Error::to_string() const {
  std::string out = text;
  for (const std::string& reason : reasons) out += "\n  - " + reason;
  return out;
}

}  // namespace lowtide
