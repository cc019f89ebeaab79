// SPDX-License-Identifier: Apache-2.0
// Image folders: JPEG and PNG files are decoded, resized and cropped; what is not an image is named.
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "data_files.hpp"
#include "trainer/data/image_file.hpp"
#include "trainer/data/image_folder.hpp"
#include "trainer/data/resize.hpp"

// jpeglib.h uses FILE and size_t without declaring them.
// clang-format off
#include <jpeglib.h>
// clang-format on

namespace lowtide::trainer {
namespace {

// [h, w, 3]: left half one colour, right half another.
Bytes two_colours(uint32_t height, uint32_t width) {
  Bytes out;
  for (uint32_t i = 0; i < height * width; ++i) {
    const bool is_left = i % width < width / 2;
    const uint8_t red = is_left ? 200 : 20;
    const uint8_t blue = is_left ? 40 : 160;
    out.insert(out.end(), {red, 90, blue});
  }
  return out;
}

Bytes png_bytes(const Bytes& rgb, uint32_t height, uint32_t width, uint32_t format = PNG_FORMAT_RGB) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.height = height;
  image.width = width;
  image.format = format;
  png_alloc_size_t size = 0;
  EXPECT_NE(png_image_write_to_memory(&image, nullptr, &size, 0, rgb.data(), 0, nullptr), 0);
  Bytes out(size);
  EXPECT_NE(png_image_write_to_memory(&image, out.data(), &size, 0, rgb.data(), 0, nullptr), 0);
  out.resize(size);
  return out;
}

Bytes jpeg_bytes(const Bytes& rgb, uint32_t height, uint32_t width, int channels = 3) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_height = height;
  info.image_width = width;
  info.input_components = channels;
  info.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  const auto stride = static_cast<size_t>(width) * static_cast<size_t>(channels);
  while (info.next_scanline < height) {
    Bytes row(rgb.begin() + static_cast<std::ptrdiff_t>(info.next_scanline * stride),
              rgb.begin() + static_cast<std::ptrdiff_t>((info.next_scanline + 1) * stride));
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes out(data, data + size);
  std::free(data);
  return out;
}

void expect_two_colours(const Bytes& image, uint32_t edge, int tolerance) {
  for (uint32_t row = 0; row < edge; ++row) {
    for (uint32_t column = 0; column < edge; ++column) {
      if (column + 2 >= edge / 2 && column <= edge / 2 + 1) continue;  // the blend in the middle
      const bool is_left = column < edge / 2;
      const uint8_t* p = image.data() + (row * edge + column) * 3;
      EXPECT_NEAR(p[0], is_left ? 200 : 20, tolerance) << row << " " << column;
      EXPECT_NEAR(p[1], 90, tolerance);
      EXPECT_NEAR(p[2], is_left ? 40 : 160, tolerance);
    }
  }
}

std::string error_of(const std::filesystem::path& path) {
  Bytes out(16 * 16 * 3);
  const Result<void> decoded = decode_image_file(path, 16, out);
  return decoded ? std::string("no error") : decoded.error().text;
}

TEST(DataFolder, ResizeKeepsAnImageOfTheRightSize) {
  Bytes x(9 * 9 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 37);
  Bytes y(x.size());
  resize_and_crop(x, 9, 9, 9, y);
  EXPECT_EQ(x, y);
}

TEST(DataFolder, ResizeAveragesAndCropsTheCentre) {
  // A ramp over x, 64 wide and 32 high: the centre 32 columns, halved, is a ramp of twice the slope.
  Bytes x;
  for (uint32_t i = 0; i < 32 * 64; ++i) x.insert(x.end(), 3, static_cast<uint8_t>(2 * (i % 64)));
  Bytes y(16 * 16 * 3);
  resize_and_crop(x, 32, 64, 16, y);
  for (uint32_t i = 0; i < 16 * 16; ++i) {
    // Output column j covers source columns 16 + 2j and 17 + 2j, mean 2 * (16.5 + 2j).
    EXPECT_NEAR(y[i * 3], 33 + 4.0 * (i % 16), 1.0);
  }
}

TEST(DataFolder, DecodesBothKindsLargeAndSmall) {
  TemporaryFolder folder;
  for (const auto& [height, width] : {std::pair{40u, 80u}, std::pair{300u, 200u}, std::pair{8u, 8u}}) {
    const Bytes rgb = two_colours(height, width);
    Bytes image(24 * 24 * 3);
    const auto png = folder.write("x.png", png_bytes(rgb, height, width));
    ASSERT_TRUE(decode_image_file(png, 24, image));
    expect_two_colours(image, 24, 1);
    const auto jpeg = folder.write("x.jpg", jpeg_bytes(rgb, height, width));
    ASSERT_TRUE(decode_image_file(jpeg, 24, image));
    if (height > 8) expect_two_colours(image, 24, 12);
  }
}

TEST(DataFolder, GreyAndTransparentImagesBecomeColour) {
  TemporaryFolder folder;
  Bytes image(16 * 16 * 3);
  ASSERT_TRUE(decode_image_file(folder.write("g.jpg", jpeg_bytes(Bytes(20 * 20, 77), 20, 20, 1)), 16, image));
  EXPECT_NEAR(image[5], 77, 2);
  ASSERT_TRUE(
      decode_image_file(folder.write("g.png", png_bytes(Bytes(20 * 20, 77), 20, 20, PNG_FORMAT_GRAY)), 16, image));
  EXPECT_EQ(image, Bytes(image.size(), 77));
  Bytes clear(20 * 20 * 4, 255);
  for (size_t i = 3; i < clear.size(); i += 4) clear[i] = 0;
  ASSERT_TRUE(decode_image_file(folder.write("t.png", png_bytes(clear, 20, 20, PNG_FORMAT_RGBA)), 16, image));
  EXPECT_EQ(image, Bytes(image.size(), 0));
}

TEST(DataFolder, DamagedFilesAreNamed) {
  TemporaryFolder folder;
  EXPECT_NE(error_of(folder.write("text.jpg", {'h', 'e', 'l', 'l', 'o'})).find("expected a JPEG or PNG file"),
            std::string::npos);
  EXPECT_NE(error_of(folder.write("empty.jpg", {})).find("expected a JPEG or PNG file"), std::string::npos);
  EXPECT_NE(error_of(folder.path() / "none.jpg").find("none.jpg"), std::string::npos);
  const Bytes rgb = two_colours(32, 32);
  const Bytes jpeg = jpeg_bytes(rgb, 32, 32);
  const Bytes png = png_bytes(rgb, 32, 32);
  for (const size_t kept : {size_t{3}, size_t{20}, jpeg.size() / 2, jpeg.size() - 20}) {
    const Bytes part(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(kept));
    EXPECT_NE(error_of(folder.write("part.jpg", part)).find("damaged JPEG"), std::string::npos) << kept;
  }
  for (const size_t kept : {size_t{8}, size_t{30}, png.size() / 2, png.size() - 16}) {
    const Bytes part(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(kept));
    EXPECT_NE(error_of(folder.write("part.png", part)).find("damaged PNG"), std::string::npos) << kept;
  }
}

TEST(DataFolder, AbsurdSizesAreRefusedBeforeMemoryIsTaken) {
  TemporaryFolder folder;
  Bytes jpeg = jpeg_bytes(two_colours(32, 32), 32, 32);
  for (size_t i = 0; i + 9 < jpeg.size(); ++i) {  // the frame header: ff c0, length, precision, height, width
    if (jpeg[i] != 0xff || jpeg[i + 1] != 0xc0) continue;
    jpeg[i + 5] = jpeg[i + 7] = 0xff;
    break;
  }
  EXPECT_NE(error_of(folder.write("huge.jpg", jpeg)).find("is absurd"), std::string::npos)
      << error_of(folder.write("huge.jpg", jpeg));
}

TEST(DataFolder, ListsClassesAndFilesInOrder) {
  TemporaryFolder folder;
  const Bytes png = png_bytes(two_colours(20, 20), 20, 20);
  for (const char* name : {"train/dog/b.png", "train/dog/a.PNG", "train/cat/z.png", "val/dog/q.png"}) {
    folder.write(name, png);
  }
  folder.write("train/cat/readme.txt", {'x'});
  folder.write("train/.cache/x.png", png);
  const Result<Dataset> dataset = open_dataset("folder:" + folder.path().string(), {}, 16);
  ASSERT_TRUE(dataset) << dataset.error().text;
  EXPECT_EQ(dataset->class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(dataset->train.labels, (std::vector<uint32_t>{0, 1, 1}));
  EXPECT_EQ(dataset->train.files[1].filename(), "a.PNG");
  EXPECT_EQ(dataset->test.labels, (std::vector<uint32_t>{1}));
  Bytes image(16 * 16 * 3);
  ASSERT_TRUE(read_image(*dataset, dataset->train, 2, image));
  expect_two_colours(image, 16, 1);
}

TEST(DataFolder, WrongFoldersAreExplained) {
  TemporaryFolder folder;
  const auto text = [&] {
    const Result<Dataset> dataset = open_image_folder(folder.path(), 16);
    return dataset ? std::string("no error") : dataset.error().text;
  };
  EXPECT_NE(text().find("an image folder holds train/<class>/"), std::string::npos) << text();
  folder.write("train/readme.txt", {'x'});
  EXPECT_NE(text().find("holds no class folders"), std::string::npos) << text();
  folder.write("train/cat/readme.txt", {'x'});
  EXPECT_NE(text().find("holds no *.jpg"), std::string::npos) << text();
  folder.write("train/cat/a.jpg", {'x'});
  folder.write("val/dog/a.jpg", {'x'});
  EXPECT_NE(text().find("has the class dog, which"), std::string::npos) << text();
}

}  // namespace
}  // namespace lowtide::trainer
