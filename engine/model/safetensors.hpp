// SPDX-License-Identifier: Apache-2.0
// The safetensors container: named tensors and a text map in one file. A strict reader for files that may be hostile
// and an atomic writer; what the tensors mean is not known here. Little-endian hosts only, as the rest of lowtide.
//   u64 header bytes | JSON {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets": [begin, end]}} |
//   data
// The data is covered without gap or overlap, as the format demands. The writer starts every tensor at a multiple of 64
// bytes of the file; what fills the space before it are tensors named "__padding__.<i>" (u8), which our reader hides.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.hpp"
#include "engine/base/result.hpp"
#include "engine/tensor/desc.hpp"

namespace lowtide::model {

inline constexpr uint64_t kTensorAlignment = 64;                       // bytes, from the start of the file
inline constexpr uint64_t kMaxSafetensorsHeader = uint64_t{16} << 20;  // bytes; longer headers are refused
inline constexpr std::string_view kPaddingPrefix = "__padding__.";     // reserved: no tensor's name may start with it

using Metadata = std::map<std::string, std::string>;

struct StoredTensor {
  std::string name;
  TensorDesc desc;  // f32 f16 i32 u32 i8 u8; at most four extents; bytes.size() == desc.bytes()
  std::span<const std::byte> bytes;
  uint64_t offset = 0;  // of the bytes from the start of the file; readers set it, writers decide it
};

// A container that was read and checked: every tensor lies inside the data, none overlaps another, and each has as
// many bytes as its type and shape say.
class Safetensors {
 public:
  // Maps the file; the tensors' bytes live as long as this object. Errors: io, and format with a sentence that names
  // the file and, where there is one, the tensor.
  static Result<Safetensors> open(const std::filesystem::path& path);
  // The same over bytes that the caller keeps alive; `source` names them in messages.
  static Result<Safetensors> parse(std::span<const std::byte> bytes, std::string_view source);

  const Metadata& metadata() const { return metadata_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // sorted by place in the file
  // The tensor of that name; nullptr when there is none.
  const StoredTensor* find(std::string_view name) const;

 private:
  MappedFile file_;
  Metadata metadata_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
};

// Writes atomically: a reader sees the old file or the new one. The same arguments give the same bytes. Tensors lie in
// the order given. Names must be unique, not empty and not reserved, types unpacked, sizes right (LOWTIDE_CHECK): the
// caller made them. Text that is not UTF-8 has its bad bytes replaced.
Result<void> write_safetensors(const std::filesystem::path& path, const Metadata& metadata,
                               std::span<const StoredTensor> tensors);

}  // namespace lowtide::model
