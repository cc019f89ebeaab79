// SPDX-License-Identifier: Apache-2.0
// IDX files, plain and gzip: what is right is read, and every kind of damage is answered by a sentence.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "data_files.hpp"
#include "trainer/data/idx.hpp"

namespace lowtide::trainer {
namespace {

Bytes gzip(const Bytes& bytes) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  gzclose(file);
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

std::string error_of(const Bytes& bytes, uint32_t rank) {
  TemporaryFolder folder;
  const Result<IdxArray> array = read_idx(folder.write("file", bytes), rank);
  return array ? std::string("no error") : array.error().text;
}

TEST(DataIdx, ReadsPlainAndGzip) {
  TemporaryFolder folder;
  const Bytes bytes = idx_bytes({3, 5, 7});
  for (const Bytes& stored : {bytes, gzip(bytes)}) {
    const Result<IdxArray> array = read_idx(folder.write("a", stored), 3);
    ASSERT_TRUE(array) << array.error().text;
    EXPECT_EQ(array->extents, (std::vector<uint32_t>{3, 5, 7}));
    ASSERT_EQ(array->values.size(), 105u);
    EXPECT_TRUE(std::equal(array->values.begin(), array->values.end(), bytes.begin() + 16));
  }
}

TEST(DataIdx, EveryTruncationIsAnError) {
  const Bytes plain = idx_bytes({3, 5, 7});
  for (const Bytes& whole : {plain, gzip(plain)}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      EXPECT_NE(error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)), 3), "no error")
          << length << " of " << whole.size() << " bytes";
    }
  }
}

TEST(DataIdx, MalformedFilesSayWhatIsWrong) {
  Bytes more = idx_bytes({3, 5, 7});
  more.push_back(1);
  EXPECT_NE(error_of(more, 3).find("expected 121 bytes, but found"), std::string::npos) << error_of(more, 3);
  EXPECT_NE(error_of(gzip(more), 3).find("expected 121 bytes, but found"), std::string::npos);

  EXPECT_NE(error_of(idx_bytes({9}), 3).find("magic number 2051 (unsigned bytes, 3 axes), found 2049"),
            std::string::npos);
  Bytes floats = idx_bytes({9});
  floats[2] = 0x0d;
  EXPECT_NE(error_of(floats, 1).find("magic number 2049"), std::string::npos);
  EXPECT_NE(error_of({'<', 'h', 't', 'm', 'l', '>'}, 1).find("magic number"), std::string::npos);

  Bytes empty = idx_bytes({0});
  EXPECT_NE(error_of(empty, 1).find("extent 0 of axis 0 is absurd"), std::string::npos) << error_of(empty, 1);
  Bytes huge = idx_bytes({3, 5, 7});
  std::fill(huge.begin() + 4, huge.begin() + 16, uint8_t{0xff});
  EXPECT_NE(error_of(huge, 3).find("absurd"), std::string::npos);
  Bytes large = idx_bytes({3, 5, 7});
  large[5] = 0x10;  // a million images more, which the file cannot hold
  EXPECT_NE(error_of(large, 3).find("its header promises 36700281 bytes"), std::string::npos) << error_of(large, 3);
  EXPECT_NE(error_of(gzip(large), 3).find("it holds at most"), std::string::npos);

  Bytes damaged = gzip(idx_bytes({100, 28, 28}));
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_NE(error_of(damaged, 3), "no error");
  Bytes bad_checksum = gzip(idx_bytes({3, 5, 7}));
  bad_checksum[bad_checksum.size() - 8] ^= 1;
  EXPECT_NE(error_of(bad_checksum, 3).find("damaged gzip data at its end"), std::string::npos)
      << error_of(bad_checksum, 3);
}

TEST(DataIdx, SplitsAreChecked) {
  TemporaryFolder folder;
  const ImageShape image = {5, 7, 1};
  const auto images = folder.write("images", idx_bytes({4, 5, 7}));
  const auto labels = folder.write("labels", idx_bytes({4}));
  const Result<Split> split = read_idx_split(images, labels, image, 4);
  ASSERT_TRUE(split) << split.error().text;
  EXPECT_EQ(split->labels, (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(split->pixels.size(), 140u);

  const auto text = [&](const Result<Split>& result) { return result ? std::string("no error") : result.error().text; };
  EXPECT_NE(text(read_idx_split(images, labels, image, 3)).find("expected labels from 0 to 2, found 3 for image 3"),
            std::string::npos);
  EXPECT_NE(text(read_idx_split(images, labels, {7, 5, 1}, 4)).find("expected images of 7 x 5 pixels, found 5 x 7"),
            std::string::npos);
  const auto five = folder.write("five", idx_bytes({5}));
  EXPECT_NE(text(read_idx_split(images, five, image, 9)).find("expected 4 labels"), std::string::npos);
  EXPECT_NE(text(read_idx_split(labels, images, image, 4)).find("magic"), std::string::npos);
  const Result<Split> missing = read_idx_split(folder.path() / "none", labels, image, 4);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().text.find((folder.path() / "none").string()), std::string::npos);
}

}  // namespace
}  // namespace lowtide::trainer
