// SPDX-License-Identifier: Apache-2.0
// Reading: the header is parsed event by event, so that nesting, duplicates and types are judged before anything is
// stored. Nothing in the file is trusted: every number is checked before it is used in arithmetic.
#include "engine/model/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/base/ints.hpp"

namespace lowtide::model {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using nlohmann::json;

struct TypeName {
  DType dtype;
  const char* text;
};
constexpr TypeName kTypes[] = {{DType::f32, "F32"}, {DType::f16, "F16"}, {DType::i32, "I32"},
                               {DType::u32, "U32"}, {DType::i8, "I8"},   {DType::u8, "U8"}};

const char* type_text(DType dtype) {
  for (const TypeName& row : kTypes) {
    if (row.dtype == dtype) return row.text;
  }
  LOWTIDE_CHECK(false, "this type has no safetensors name; store packed tensors as u32 words");
  return "";
}

std::optional<DType> type_of(std::string_view text) {
  for (const TypeName& row : kTypes) {
    if (text == row.text) return row.dtype;
  }
  return std::nullopt;
}

tl::unexpected<Error> bad(std::string_view source, std::string text) {
  return fail(ErrorCode::format, fmt::format("{} is not a usable safetensors file: {}", source, text));
}

// Parses the header and notes what the format forbids but the JSON library would let pass. The deepest legal nesting
// is top level, tensor, list: 3.
Result<json> parse_header(std::string_view text, std::string_view source) {
  bool too_deep = false;
  std::string duplicate;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > 3) too_deep = true;
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.empty()) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) duplicate = key;
    }
    return !too_deep;
  };
  json header = json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (too_deep) return bad(source, "its header is nested deeper than the format allows");
  if (header.is_discarded() || !header.is_object()) return bad(source, "its header is not a JSON object");
  if (!duplicate.empty()) return bad(source, fmt::format("its header names '{}' twice", duplicate));
  return header;
}

Result<Metadata> read_metadata(const json& header, std::string_view source) {
  Metadata metadata;
  const auto it = header.find("__metadata__");
  if (it == header.end()) return metadata;
  if (!it->is_object()) return bad(source, "__metadata__ is not a map of text to text");
  for (const auto& [key, value] : it->items()) {
    if (!value.is_string()) return bad(source, fmt::format("the metadata entry '{}' is not text", key));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

// A whole number without sign; JSON's 1.0 and -1 are refused.
std::optional<uint64_t> whole(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<uint64_t>();
}

Result<Shape> read_shape(const json& list, const std::string& name, std::string_view source) {
  if (!list.is_array()) return bad(source, fmt::format("the shape of '{}' is not a list", name));
  if (list.size() > Shape::kMaxRank) {
    return bad(source,
               fmt::format("'{}' has {} extents; at most {} are supported", name, list.size(), Shape::kMaxRank));
  }
  uint64_t count = 1;
  std::array<uint32_t, Shape::kMaxRank> extents = {};
  for (size_t axis = 0; axis < list.size(); ++axis) {
    const auto extent = whole(list[axis]);
    if (!extent || *extent > 0xffffffffu) {
      return bad(source, fmt::format("the shape of '{}' holds something else than whole numbers below 2^32", name));
    }
    if (multiply_overflows(count, *extent) || count * *extent > (uint64_t{1} << 48)) {
      return bad(source, fmt::format("the shape of '{}' is absurdly large", name));
    }
    count *= *extent;
    extents[axis] = static_cast<uint32_t>(*extent);
  }
  switch (list.size()) {
    case 0:
      return Shape{};
    case 1:
      return Shape{extents[0]};
    case 2:
      return Shape{extents[0], extents[1]};
    case 3:
      return Shape{extents[0], extents[1], extents[2]};
    default:
      return Shape{extents[0], extents[1], extents[2], extents[3]};
  }
}

struct Extent {
  uint64_t begin = 0, end = 0;
};

Result<Extent> read_extent(const json& offsets, uint64_t data_bytes, const std::string& name, std::string_view source) {
  if (!offsets.is_array() || offsets.size() != 2 || !whole(offsets[0]) || !whole(offsets[1])) {
    return bad(source, fmt::format("data_offsets of '{}' are not two whole numbers", name));
  }
  const Extent extent{*whole(offsets[0]), *whole(offsets[1])};
  if (extent.begin > extent.end || extent.end > data_bytes) {
    return bad(
        source,
        fmt::format("'{}' claims the bytes [{}, {}), but the data has {} bytes; the file is damaged or cut short", name,
                    extent.begin, extent.end, data_bytes));
  }
  return extent;
}

Result<StoredTensor> read_tensor(const std::string& name, const json& entry, std::span<const std::byte> data,
                                 std::string_view source) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets")) {
    return bad(source, fmt::format("the entry of '{}' does not have exactly dtype, shape and data_offsets", name));
  }
  const json& type = entry["dtype"];
  if (!type.is_string()) return bad(source, fmt::format("the dtype of '{}' is not text", name));
  const auto dtype = type_of(type.get_ref<const std::string&>());
  if (!dtype) {
    return bad(source, fmt::format("'{}' has the type {}; supported are F32, F16, I32, U32, I8 and U8", name,
                                   type.get_ref<const std::string&>()));
  }
  LOWTIDE_TRY(const Shape shape, read_shape(entry["shape"], name, source));
  LOWTIDE_TRY(const Extent extent, read_extent(entry["data_offsets"], data.size(), name, source));
  const TensorDesc desc{*dtype, shape};
  const uint64_t bytes = extent.end - extent.begin;
  if (desc.bytes() != bytes) {
    return bad(source, fmt::format("'{}' is {} and needs {} bytes, but {} are stored", name, to_string(desc),
                                   desc.bytes(), bytes));
  }
  return StoredTensor{name, desc, data.subspan(static_cast<size_t>(extent.begin), static_cast<size_t>(bytes))};
}

// The tensors of a header, sorted by place; they must cover the data exactly.
Result<std::vector<StoredTensor>> read_tensors(const json& header, std::span<const std::byte> data,
                                               std::string_view source) {
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    if (name.empty()) return bad(source, "a tensor has no name");
    LOWTIDE_TRY(StoredTensor tensor, read_tensor(name, entry, data, source));
    tensors.push_back(std::move(tensor));
  }
  const auto place = [&](const StoredTensor& t) { return static_cast<uint64_t>(t.bytes.data() - data.data()); };
  std::stable_sort(tensors.begin(), tensors.end(), [&](const StoredTensor& a, const StoredTensor& b) {
    return std::pair(place(a), a.bytes.size()) < std::pair(place(b), b.bytes.size());
  });
  uint64_t end = 0;
  for (const StoredTensor& tensor : tensors) {
    if (place(tensor) < end) return bad(source, fmt::format("'{}' overlaps the tensor before it", tensor.name));
    if (place(tensor) > end) return bad(source, fmt::format("there is a gap before '{}'", tensor.name));
    end = place(tensor) + tensor.bytes.size();
  }
  if (end != data.size()) return bad(source, fmt::format("{} bytes at its end belong to no tensor", data.size() - end));
  std::erase_if(tensors, [](const StoredTensor& tensor) { return tensor.name.starts_with(kPaddingPrefix); });
  return tensors;
}

// The header of a file: names, places and padding tensors.
struct Layout {
  std::string header;             // padded with spaces so that the data starts at a multiple of the alignment
  std::vector<uint64_t> padding;  // bytes before each tensor
};

Layout lay_out(const Metadata& metadata, std::span<const StoredTensor> tensors) {
  Layout layout;
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t end = 0;
  const auto place = [&](const std::string& name, const char* type, const json& shape, uint64_t bytes) {
    LOWTIDE_CHECK(!header.contains(name), "two tensors of one name");
    header[name] = {{"dtype", type}, {"shape", shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  };
  for (const StoredTensor& tensor : tensors) {
    LOWTIDE_CHECK(!tensor.name.empty() && tensor.name != "__metadata__" && !tensor.name.starts_with(kPaddingPrefix),
                  "a tensor's name is empty or reserved");
    LOWTIDE_CHECK(tensor.desc.bytes() == tensor.bytes.size(), "a tensor's bytes do not match its description");
    const uint64_t gap = round_up(end, kTensorAlignment) - end;
    layout.padding.push_back(gap);
    if (gap > 0) place(fmt::format("{}{}", kPaddingPrefix, layout.padding.size()), "U8", json::array({gap}), gap);
    json shape = json::array();
    for (uint32_t axis = 0; axis < tensor.desc.shape.rank(); ++axis) shape.push_back(tensor.desc.shape[axis]);
    place(tensor.name, type_text(tensor.desc.dtype), shape, tensor.bytes.size());
  }
  layout.header = header.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
  layout.header.resize(round_up(layout.header.size() + 8, kTensorAlignment) - 8, ' ');
  return layout;
}

}  // namespace

Result<Safetensors> Safetensors::parse(std::span<const std::byte> bytes, std::string_view source) {
  uint64_t header_bytes = 0;
  const std::byte* const start = bytes.data();
  if (bytes.size() < sizeof(header_bytes)) return bad(source, fmt::format("it has only {} bytes", bytes.size()));
  std::memcpy(&header_bytes, bytes.data(), sizeof(header_bytes));
  bytes = bytes.subspan(sizeof(header_bytes));
  if (header_bytes > kMaxSafetensorsHeader || header_bytes > bytes.size()) {
    return bad(source, fmt::format("its first 8 bytes announce a header of {} bytes, but {} follow and at most {} are "
                                   "accepted; the file is of another kind or cut short",
                                   header_bytes, bytes.size(), kMaxSafetensorsHeader));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(header_bytes));
  LOWTIDE_TRY(const json header, parse_header(text, source));
  Safetensors result;
  LOWTIDE_TRY(result.metadata_, read_metadata(header, source));
  LOWTIDE_TRY(result.tensors_, read_tensors(header, bytes.subspan(static_cast<size_t>(header_bytes)), source));
  for (size_t i = 0; i < result.tensors_.size(); ++i) {
    result.tensors_[i].offset = static_cast<uint64_t>(result.tensors_[i].bytes.data() - start);
    result.index_.emplace(result.tensors_[i].name, i);
  }
  return result;
}

Result<Safetensors> Safetensors::open(const std::filesystem::path& path) {
  LOWTIDE_TRY(MappedFile file, MappedFile::open(path));
  LOWTIDE_TRY(Safetensors result, parse(file.bytes(), path.string()));
  result.file_ = std::move(file);  // the mapping does not move, so the spans stay valid
  return result;
}

const StoredTensor* Safetensors::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

Result<void> write_safetensors(const std::filesystem::path& path, const Metadata& metadata,
                               std::span<const StoredTensor> tensors) {
  static constexpr std::byte kZeros[kTensorAlignment] = {};
  const Layout layout = lay_out(metadata, tensors);
  const uint64_t header_bytes = layout.header.size();
  if (header_bytes > kMaxSafetensorsHeader) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("cannot write {}: its header of {} bytes is above the limit of {}", path.string(),
                            header_bytes, kMaxSafetensorsHeader));
  }
  std::vector<std::span<const std::byte>> parts;
  parts.push_back(std::as_bytes(std::span(&header_bytes, 1)));
  parts.push_back(std::as_bytes(std::span(layout.header)));
  for (size_t i = 0; i < tensors.size(); ++i) {
    parts.push_back(std::span(kZeros).first(static_cast<size_t>(layout.padding[i])));
    parts.push_back(tensors[i].bytes);
  }
  return write_file_atomically(path, parts);
}

}  // namespace lowtide::model
