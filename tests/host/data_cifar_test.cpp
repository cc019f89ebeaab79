// SPDX-License-Identifier: Apache-2.0
// CIFAR records: planes become interleaved pixels, labels and lengths are checked.
#include <gtest/gtest.h>

#include "data_files.hpp"
#include "trainer/data/cifar.hpp"

namespace lowtide::trainer {
namespace {

// Pixel i of plane c of record r has the value (r * 7 + c * 50 + i) % 256.
Bytes records(uint32_t count, const std::vector<uint8_t>& label) {
  Bytes out;
  for (uint32_t r = 0; r < count; ++r) {
    for (const uint8_t byte : label) out.push_back(static_cast<uint8_t>(byte + r));
    for (uint32_t c = 0; c < 3; ++c) {
      for (uint32_t i = 0; i < 1024; ++i) out.push_back(static_cast<uint8_t>(r * 7 + c * 50 + i));
    }
  }
  return out;
}

std::string error_of(const Bytes& bytes, const CifarFormat& format, uint32_t count) {
  TemporaryFolder folder;
  Split split;
  const Result<void> read = read_cifar(folder.write("batch.bin", bytes), format, count, split);
  return read ? std::string("no error") : read.error().text;
}

TEST(DataCifar, PlanesBecomePixels) {
  TemporaryFolder folder;
  Split split;
  ASSERT_TRUE(read_cifar(folder.write("a.bin", records(3, {4})), kCifar10, 3, split));
  ASSERT_TRUE(read_cifar(folder.write("b.bin", records(2, {19 - 1, 42})), kCifar100, 2, split));
  EXPECT_EQ(split.labels, (std::vector<uint32_t>{4, 5, 6, 42, 43}));
  ASSERT_EQ(split.pixels.size(), 5u * 3072);
  for (uint32_t r = 0; r < 5; ++r) {
    for (uint32_t i = 0; i < 1024; ++i) {
      for (uint32_t c = 0; c < 3; ++c) {
        const uint32_t record = r < 3 ? r : r - 3;
        ASSERT_EQ(split.pixels[(r * 1024 + i) * 3 + c], static_cast<uint8_t>(record * 7 + c * 50 + i));
      }
    }
  }
}

TEST(DataCifar, DamageIsNamed) {
  Bytes bytes = records(2, {0});
  EXPECT_EQ(error_of(bytes, kCifar10, 2), "no error");
  EXPECT_NE(error_of(bytes, kCifar10, 3).find("expected 9219 bytes (3 records of 3073), found 6146"),
            std::string::npos);
  EXPECT_NE(error_of(bytes, kCifar100, 2).find("found 6146"), std::string::npos);
  bytes.pop_back();
  EXPECT_NE(error_of(bytes, kCifar10, 2).find("found 6145"), std::string::npos);
  EXPECT_NE(error_of({}, kCifar10, 2).find("found 0"), std::string::npos);
  EXPECT_NE(error_of(records(2, {9}), kCifar10, 2).find("record 1 has label 10, expected 0 to 9"), std::string::npos);
  EXPECT_NE(error_of(records(2, {0, 99}), kCifar100, 2).find("record 1 has label 100"), std::string::npos);
  EXPECT_NE(error_of(records(2, {19, 0}), kCifar100, 2).find("coarse label 20, expected 0 to 19"), std::string::npos);
}

}  // namespace
}  // namespace lowtide::trainer
