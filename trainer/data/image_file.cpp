// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg, PNG by libpng, both from a mapping of the file.
#include "trainer/data/image_file.hpp"

#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

// jpeglib.h uses FILE and size_t without declaring them.
// clang-format off
#include <jpeglib.h>
// clang-format on

#include "engine/base/check.hpp"
#include "engine/base/file.hpp"
#include "trainer/data/resize.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint64_t kMaxPixels = uint64_t{1} << 28;
constexpr uint32_t kMaxEdge = 65500;  // libjpeg's own limit

// 8-bit RGB, [height, width, 3].
struct Decoded {
  uint32_t height = 0;
  uint32_t width = 0;
  std::vector<uint8_t> pixels;
};

std::string size_complaint(uint64_t height, uint64_t width) {
  if (height > 0 && width > 0 && height <= kMaxEdge && width <= kMaxEdge && height * width <= kMaxPixels) return {};
  return fmt::format("its size of {} x {} pixels is absurd", height, width);
}

// libjpeg reports errors by not returning; control comes back to the setjmp below. Between setjmp and the jump no
// object with a destructor may be made in these functions.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void jump_back(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->back, 1);
}

// Warnings are corrupt or missing data, which libjpeg would fill with grey: errors here.
void refuse_warning(j_common_ptr info, int level) {
  if (level < 0) jump_back(info);
}

// Reads the header; picks the strongest reduction of 1, 2, 4, 8 that keeps the shorter side at least `edge`.
bool start_jpeg(jpeg_decompress_struct& info, JpegErrors& errors, std::span<const std::byte> bytes, uint32_t edge) {
  if (setjmp(errors.back) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  const uint32_t shorter = info.image_width < info.image_height ? info.image_width : info.image_height;
  info.scale_num = 1;
  info.scale_denom = 1;
  while (info.scale_denom < 8 && shorter / (info.scale_denom * 2) >= edge) info.scale_denom *= 2;
  jpeg_calc_output_dimensions(&info);
  return true;
}

bool read_jpeg_rows(jpeg_decompress_struct& info, JpegErrors& errors, uint8_t* pixels) {
  if (setjmp(errors.back) != 0) return false;
  jpeg_start_decompress(&info);
  const size_t stride = size_t{info.output_width} * 3;
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + info.output_scanline * stride;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

// Returns a complaint; empty is success.
std::string decode_jpeg(std::span<const std::byte> bytes, uint32_t edge, Decoded& out) {
  jpeg_decompress_struct info = {};
  JpegErrors errors = {};
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jump_back;
  errors.manager.emit_message = refuse_warning;
  std::string complaint;
  if (!start_jpeg(info, errors, bytes, edge)) {
    complaint = fmt::format("damaged JPEG ({})", errors.message);
  } else {
    complaint = size_complaint(info.image_height, info.image_width);
  }
  if (complaint.empty()) {
    out.height = info.output_height;
    out.width = info.output_width;
    out.pixels.resize(size_t{out.height} * out.width * 3);
    if (!read_jpeg_rows(info, errors, out.pixels.data())) complaint = fmt::format("damaged JPEG ({})", errors.message);
  }
  jpeg_destroy_decompress(&info);
  return complaint;
}

std::string decode_png(std::span<const std::byte> bytes, Decoded& out) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    return fmt::format("damaged PNG ({})", image.message);
  }
  image.format = PNG_FORMAT_RGB;
  std::string complaint = size_complaint(image.height, image.width);
  if (complaint.empty()) {
    out.height = image.height;
    out.width = image.width;
    out.pixels.resize(PNG_IMAGE_SIZE(image));
    const png_color black = {0, 0, 0};
    if (png_image_finish_read(&image, &black, out.pixels.data(), 0, nullptr) == 0) {
      complaint = fmt::format("damaged PNG ({})", image.message);
    }
  }
  png_image_free(&image);
  return complaint;
}

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

Result<void> decode_image_file(const std::filesystem::path& path, uint32_t edge, std::span<uint8_t> out) {
  LOWTIDE_CHECK(out.size() == size_t{edge} * edge * 3, "an image has edge * edge * 3 bytes");
  LOWTIDE_TRY(const MappedFile file, MappedFile::open(path));
  Decoded decoded;
  std::string complaint;
  if (starts_with(file.bytes(), "\xff\xd8\xff")) {
    complaint = decode_jpeg(file.bytes(), edge, decoded);
  } else if (starts_with(file.bytes(), "\x89PNG\r\n\x1a\n")) {
    complaint = decode_png(file.bytes(), decoded);
  } else {
    complaint = "expected a JPEG or PNG file, found neither";
  }
  if (!complaint.empty()) {
    return fail(ErrorCode::format, fmt::format("{}: {}; replace the file or take it out", path.string(), complaint));
  }
  resize_and_crop(decoded.pixels, decoded.height, decoded.width, edge, out);
  return {};
}

}  // namespace lowtide::trainer
