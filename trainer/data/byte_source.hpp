// SPDX-License-Identifier: Apache-2.0
// ByteSource: the bytes of a file from front to back, unpacked on the way where it is a gzip file. Nothing after the
// end and nothing missing before it goes unnoticed.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "engine/base/file.hpp"
#include "engine/base/result.hpp"

namespace lowtide::trainer {

class ByteSource {
 public:
  static Result<ByteSource> open(const std::filesystem::path& path);

  // Fills `out`; false where the bytes end or are damaged before it is full: complaint() says which.
  bool read(std::span<uint8_t> out);

  // True where all bytes have been read and, for gzip, the checksum holds; else complaint() says what is wrong.
  bool is_at_end();

  uint64_t position() const { return position_; }  // bytes read so far
  uint64_t most_bytes() const;                     // no more can come out of this file: a bound for sizes it claims
  const std::string& complaint() const { return complaint_; }

 private:
  struct EndInflate {
    void operator()(z_stream* stream) const;
  };

  int inflate_into(std::span<uint8_t> out, size_t& count);

  MappedFile file_;
  uint64_t position_ = 0;
  std::unique_ptr<z_stream, EndInflate> stream_;  // gzip only
  bool has_ended_ = false;                        // gzip: the end of the stream was seen and its checksum was right
  std::string complaint_;
};

}  // namespace lowtide::trainer
