// SPDX-License-Identifier: Apache-2.0
// make_model FOLDER: writes, for programs that are tested from outside (the C API's test, the samples, the consumer of
// the installed package), small.safetensors, the packed model of the tests; small.png and small.jpg, an image of its
// size; expected.txt, the classes of the PNG by the reference, likeliest first.

#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>
#include <vector>

// jpeglib.h uses FILE and size_t without declaring them.
// clang-format off
#include <jpeglib.h>
// clang-format on

#include "engine/base/rng.hpp"
#include "tests/harness/device/small_model.hpp"

namespace {

using namespace lowtide;
using Folder = std::filesystem::path;

std::vector<uint8_t> random_pixels() {
  Rng rng(5, 0);
  std::vector<uint8_t> pixels(harness::kSmallImageElements);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
  return pixels;
}

bool write_png(const Folder& path, const std::vector<uint8_t>& pixels) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = harness::kSmallWidth;
  image.height = harness::kSmallHeight;
  image.format = PNG_FORMAT_RGB;
  return png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) != 0;
}

bool write_jpeg(const Folder& path, std::vector<uint8_t> pixels) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  jpeg_error_mgr errors = {};
  jpeg_compress_struct jpeg = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = harness::kSmallWidth;
  jpeg.image_height = harness::kSmallHeight;
  jpeg.input_components = harness::kSmallChannels;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = pixels.data() + size_t{jpeg.next_scanline} * harness::kSmallWidth * harness::kSmallChannels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return std::fclose(file) == 0;
}

Result<void> write_expected(const Folder& folder, const std::vector<uint8_t>& pixels) {
  LOWTIDE_TRY(const model::PackedModel packed, model::PackedModel::open(folder / "small.safetensors"));
  const model::ModelInfo& info = packed.info();
  std::vector<float> images;
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t c = i % info.channels;
    const double unit = pixels[i] / 255.0;
    images.push_back(
        static_cast<float>((unit - static_cast<double>(info.mean[c])) / static_cast<double>(info.deviation[c])));
  }
  LOWTIDE_TRY(const std::vector<float> logits, harness::reference_logits(packed, images));
  std::vector<uint32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return logits[a] > logits[b]; });
  std::ofstream file(folder / "expected.txt");
  for (const uint32_t label : order) file << label << '\n';
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_model FOLDER\n");
    return 2;
  }
  const Folder folder = argv[1];
  std::filesystem::create_directories(folder);
  const std::vector<uint8_t> pixels = random_pixels();
  Result<void> written = harness::write_small_model(folder / "small.safetensors");
  if (written) written = write_expected(folder, pixels);
  if (!written) std::fprintf(stderr, "make_model: %s\n", written.error().to_string().c_str());
  return written && write_png(folder / "small.png", pixels) && write_jpeg(folder / "small.jpg", pixels) ? 0 : 1;
}
