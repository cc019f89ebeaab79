// SPDX-License-Identifier: Apache-2.0
// SVHN: files written here with libmatio are read back; what is not such a file is refused with a sentence.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/host/data_files.hpp"
#include "trainer/data/svhn.hpp"

#ifdef LOWTIDE_HAS_MATIO
#include <matio.h>

namespace lowtide::trainer {
namespace {

struct Contents {
  std::vector<size_t> dims = {32, 32, 3, 4};
  std::vector<uint8_t> labels = {1, 9, 10, 5};
  const char* x_name = "X";
  matio_compression compression = MAT_COMPRESSION_NONE;
  bool labels_are_double = false;
};

uint8_t pixel(size_t h, size_t w, size_t c, size_t n) {
  return static_cast<uint8_t>(h * 7 + w * 3 + c * 50 + n);
}

void write(const std::filesystem::path& path, Contents contents) {
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  std::vector<size_t>& d = contents.dims;
  std::vector<uint8_t> pixels(d[0] * d[1] * d[2] * d[3]);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = pixel(i % d[0], i / d[0] % d[1], i / d[0] / d[1] % d[2], i / d[0] / d[1] / d[2]);
  }
  matvar_t* x = Mat_VarCreate(contents.x_name, MAT_C_UINT8, MAT_T_UINT8, 4, d.data(), pixels.data(), 0);
  Mat_VarWrite(file, x, contents.compression);
  Mat_VarFree(x);
  std::vector<size_t> count = {contents.labels.size(), 1};
  std::vector<double> wide(contents.labels.begin(), contents.labels.end());
  matvar_t* y = contents.labels_are_double
                    ? Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, count.data(), wide.data(), 0)
                    : Mat_VarCreate("y", MAT_C_UINT8, MAT_T_UINT8, 2, count.data(), contents.labels.data(), 0);
  Mat_VarWrite(file, y, contents.compression);
  Mat_VarFree(y);
  Mat_Close(file);
}

std::string refusal(const std::filesystem::path& path) {
  Split split;
  const auto result = read_svhn(path, split);
  return result ? "it was read" : result.error().text;
}

TEST(Svhn, ReadsColumnMajorImagesAndDigits) {
  const TemporaryFolder folder;
  for (const auto compression : {MAT_COMPRESSION_NONE, MAT_COMPRESSION_ZLIB}) {
    for (const bool is_double : {false, true}) {
      write(folder.path() / "a.mat", {.compression = compression, .labels_are_double = is_double});
      Split split;
      const auto result = read_svhn(folder.path() / "a.mat", split);
      ASSERT_TRUE(result) << result.error().text;
      EXPECT_EQ(split.labels, (std::vector<uint32_t>{1, 9, 0, 5}));
      ASSERT_EQ(split.pixels.size(), 4 * kSvhnImage.bytes());
      for (const size_t n : {0u, 3u}) {
        for (const size_t h : {0u, 5u, 31u}) {
          for (const size_t w : {0u, 17u, 31u}) {
            for (size_t c = 0; c < 3; ++c) {
              EXPECT_EQ(split.pixels[((n * 32 + h) * 32 + w) * 3 + c], pixel(h, w, c, n));
            }
          }
        }
      }
    }
  }
}

TEST(Svhn, RefusesWhatIsNotSuchAFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.mat";
  EXPECT_NE(refusal(path).find("missing"), std::string::npos);
  std::ofstream(path) << "not a MATLAB file, only text that is long enough to hold a header of one, and then some more "
                         "of it, because a header has 128 bytes";
  EXPECT_NE(refusal(path).find("not a MATLAB file"), std::string::npos) << refusal(path);
  write(path, {.x_name = "Z"});
  EXPECT_NE(refusal(path).find("array X"), std::string::npos) << refusal(path);
  write(path, {.dims = {32, 31, 3, 4}});
  EXPECT_NE(refusal(path).find("[32, 32, 3, n]"), std::string::npos) << refusal(path);
  write(path, {.labels = {1, 2, 3}});
  EXPECT_NE(refusal(path).find("4 labels"), std::string::npos) << refusal(path);
  write(path, {.labels = {1, 2, 11, 3}});
  EXPECT_NE(refusal(path).find("image 2"), std::string::npos) << refusal(path);
  write(path, {.labels = {0, 2, 1, 3}});
  EXPECT_NE(refusal(path).find("image 0"), std::string::npos) << refusal(path);
}

// Every shorter file is an error or, where only what follows y is missing, the same images; never anything else.
TEST(Svhn, TruncatedFilesAreErrors) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.mat";
  for (const auto compression : {MAT_COMPRESSION_NONE, MAT_COMPRESSION_ZLIB}) {
    write(path, {.compression = compression});
    const auto bytes = std::filesystem::file_size(path);
    for (uint64_t kept = 0; kept < bytes; kept += 1 + bytes / 97) {
      write(path, {.compression = compression});
      std::filesystem::resize_file(path, kept);
      EXPECT_NE(refusal(path), "it was read") << kept << " of " << bytes;
    }
  }
}

// Opened by name, resized as the network of the EXP-Net paper wants it.
TEST(Svhn, IsOpenedByName) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "svhn");
  for (const char* part : {"train", "test", "extra"})
    write(folder.path() / "svhn" / (std::string(part) + "_32x32.mat"), {});
  auto dataset = open_dataset("svhn", folder.path());
  ASSERT_TRUE(dataset) << dataset.error().text;
  EXPECT_EQ(dataset->train.count(), 4u);
  EXPECT_EQ(dataset->class_count(), 10u);
  const auto extra = open_dataset("svhn-extra", folder.path());
  ASSERT_TRUE(extra) << extra.error().text;
  EXPECT_EQ(extra->train.count(), 8u);
  ASSERT_TRUE(resize_images(*dataset, 40));
  EXPECT_EQ(dataset->image, (ImageShape{40, 40, 3}));
  EXPECT_EQ(dataset->test.pixels.size(), 4u * 40 * 40 * 3);
  Dataset grey = *open_dataset("glyphs", {});
  const auto refused = resize_images(grey, 40);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("data.resize"), std::string::npos);
}

}  // namespace
}  // namespace lowtide::trainer
#endif
