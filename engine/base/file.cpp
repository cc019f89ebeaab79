// SPDX-License-Identifier: Apache-2.0
// POSIX files.
#include "engine/base/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace lowtide {
namespace {

tl::unexpected<Error> io_error(const char* what, const std::filesystem::path& path) {
  const int reason = errno;
  const ErrorCode code = reason == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return fail(code, std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(reason));
}

// A descriptor that closes itself.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return io_error("open", path);
  struct stat info = {};
  if (::fstat(file.fd, &info) != 0) return io_error("inspect", path);
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::io, "cannot read " + path.string() + ": it is not a regular file; name a file");
  }
  MappedFile mapped;
  mapped.size_ = static_cast<size_t>(info.st_size);
  if (mapped.size_ == 0) return mapped;
  void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (data == MAP_FAILED) {
    mapped.size_ = 0;
    return io_error("map", path);
  }
  mapped.data_ = static_cast<const std::byte*>(data);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::string> read_text(const std::filesystem::path& path, uint64_t max_bytes) {
  LOWTIDE_TRY(const MappedFile file, MappedFile::open(path));
  if (file.bytes().size() > max_bytes) {
    return fail(ErrorCode::format, path.string() + " holds " + std::to_string(file.bytes().size()) +
                                       " bytes, more than the " + std::to_string(max_bytes) +
                                       " that a text of this kind may have; is it the right file?");
  }
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

Result<void> write_file_atomically(const std::filesystem::path& path,
                                   std::span<const std::span<const std::byte>> parts) {
  std::filesystem::path temporary = path;
  temporary += ".part" + std::to_string(::getpid());
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.fd < 0) return io_error("create", temporary);
    for (const std::span<const std::byte>& part : parts) {
      if (write_all(file.fd, part)) continue;
      auto error = io_error("write", temporary);
      ::unlink(temporary.c_str());
      return error;
    }
    if (::fsync(file.fd) != 0) return io_error("flush", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = io_error("rename the finished file to", path);
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  const std::array parts = {std::as_bytes(std::span(text.data(), text.size()))};
  return write_file_atomically(path, std::span<const std::span<const std::byte>>(parts));
}

}  // namespace lowtide
