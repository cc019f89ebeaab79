// SPDX-License-Identifier: Apache-2.0
// zlib's inflate over a mapping. zlib's own gzip files are not used: they do not report a checksum that is cut off.
#include "trainer/data/byte_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace lowtide::trainer {

void ByteSource::EndInflate::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

Result<ByteSource> ByteSource::open(const std::filesystem::path& path) {
  ByteSource source;
  LOWTIDE_TRY(source.file_, MappedFile::open(path));
  const auto bytes = source.file_.bytes();
  if (bytes.size() < 2 || bytes[0] != std::byte{0x1f} || bytes[1] != std::byte{0x8b}) return source;
  source.stream_.reset(new z_stream{});
  constexpr int kGzip = 16;
  const int result = inflateInit2(source.stream_.get(), kGzip + MAX_WBITS);
  if (result != Z_OK) return fail(ErrorCode::out_of_memory, "zlib could not start: " + std::to_string(result));
  return source;
}

uint64_t ByteSource::most_bytes() const {
  constexpr uint64_t kMostPerByte = 1032;  // deflate's best: 258 bytes for 2 bits (RFC 1951)
  return stream_ ? file_.bytes().size() * kMostPerByte : file_.bytes().size();
}

// Inflates until `out` is full, the stream ends, or zlib stops; returns zlib's last word.
int ByteSource::inflate_into(std::span<uint8_t> out, size_t& count) {
  constexpr size_t kChunk = size_t{1} << 30;
  z_stream& z = *stream_;
  const auto bytes = file_.bytes();
  count = 0;
  while (true) {
    const size_t used =
        z.next_in == nullptr ? 0 : static_cast<size_t>(reinterpret_cast<const std::byte*>(z.next_in) - bytes.data());
    const size_t input = std::min(kChunk, bytes.size() - used);
    const size_t room = std::min(kChunk, out.size() - count);
    z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data() + used));
    z.avail_in = static_cast<uInt>(input);
    z.next_out = out.data() + count;
    z.avail_out = static_cast<uInt>(room);
    const int result = inflate(&z, Z_NO_FLUSH);
    count += room - z.avail_out;
    if (result != Z_OK || count == out.size()) return result;
  }
}

bool ByteSource::read(std::span<uint8_t> out) {
  if (out.empty()) return true;
  size_t count = 0;
  if (!stream_) {
    const auto rest = file_.bytes().subspan(static_cast<size_t>(position_));
    count = std::min(out.size(), rest.size());
    std::transform(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count), out.begin(),
                   [](std::byte b) { return static_cast<uint8_t>(b); });
  } else if (!has_ended_) {
    const int result = inflate_into(out, count);
    has_ended_ = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      complaint_ = fmt::format("damaged gzip data after {} bytes ({})", position_ + count,
                               stream_->msg == nullptr ? "unknown" : stream_->msg);
    }
  }
  position_ += count;
  if (count == out.size()) return true;
  if (complaint_.empty()) complaint_ = fmt::format("it ends after {} bytes", position_);
  return false;
}

bool ByteSource::is_at_end() {
  if (!stream_) {
    if (position_ != file_.bytes().size()) complaint_ = fmt::format("found {} bytes", file_.bytes().size());
    return complaint_.empty();
  }
  uint8_t extra = 0;
  size_t count = 0;
  const int result = has_ended_ ? Z_STREAM_END : inflate_into(std::span(&extra, 1), count);
  if (count != 0 || (result == Z_STREAM_END && stream_->avail_in != 0)) {
    complaint_ = "found more";
  } else if (result == Z_BUF_ERROR) {
    complaint_ = "its gzip checksum is cut off";
  } else if (result != Z_STREAM_END) {
    complaint_ = fmt::format("damaged gzip data at its end ({})", stream_->msg == nullptr ? "unknown" : stream_->msg);
  }
  return complaint_.empty();
}

}  // namespace lowtide::trainer
