// SPDX-License-Identifier: Apache-2.0
// Pipeline cache files without a driver: where they are, round trips, refusals.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "engine/vk/cache_file.hpp"

namespace lowtide {
namespace {

TEST(VkCacheFolder, FollowsTheEnvironment) {
  using Variables = std::map<std::string, std::string>;
  const auto folder = [](const Variables& variables) {
    return vk::default_cache_folder([&](const char* name) {
             const auto found = variables.find(name);
             return found == variables.end() ? nullptr : found->second.c_str();
           })
        .string();
  };
  EXPECT_EQ(folder({{"LOWTIDE_CACHE", "/a"}, {"XDG_CACHE_HOME", "/b"}, {"HOME", "/c"}}), "/a/pipelines");
  EXPECT_EQ(folder({{"LOWTIDE_CACHE", ""}, {"XDG_CACHE_HOME", "/b"}, {"HOME", "/c"}}), "/b/lowtide/pipelines");
  EXPECT_EQ(folder({{"HOME", "/c"}}), "/c/.cache/lowtide/pipelines");
  EXPECT_EQ(folder({}), "");
  EXPECT_EQ(folder({{"HOME", "/c"}, {"LOWTIDE_PIPELINE_CACHE", "0"}}), "");
}

// A cache file as a driver with this owner would leave it.
class VkCacheFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lowtide_cache_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    owner_.vendor_id = 0x10de;
    owner_.device_id = 0x2330;
    owner_.driver_version = 0x12345678;
    for (uint8_t i = 0; i < 16; ++i) {
      owner_.device_uuid[i] = i;
      owner_.cache_uuid[i] = static_cast<uint8_t>(0xf0 + i);
    }
    payload_.resize(100, std::byte{0x77});
    const uint32_t header[4] = {32, 1, owner_.vendor_id, owner_.device_id};
    std::memcpy(payload_.data(), header, 16);
    std::memcpy(payload_.data() + 16, owner_.cache_uuid.data(), 16);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "deep" / vk::cache_file_name(owner_); }

  std::filesystem::path folder_;
  vk::CacheOwner owner_;
  std::vector<std::byte> payload_;
};

TEST_F(VkCacheFile, ComesBackAsItWasSaved) {
  EXPECT_EQ(path().filename(), "000102030405060708090a0b0c0d0e0f-12345678.bin");
  EXPECT_EQ(vk::load_cache(path(), owner_).error().code, ErrorCode::not_found);
  ASSERT_TRUE(vk::save_cache(path(), payload_));
  const auto loaded = vk::load_cache(path(), owner_);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(*loaded, payload_);
}

TEST_F(VkCacheFile, AnotherOwnersFileIsRefused) {
  ASSERT_TRUE(vk::save_cache(path(), payload_));
  for (int what = 0; what < 3; ++what) {
    vk::CacheOwner other = owner_;
    if (what == 0) ++other.vendor_id;
    if (what == 1) ++other.device_id;
    if (what == 2) ++other.cache_uuid[15];
    const auto loaded = vk::load_cache(path(), other);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::format);
    EXPECT_NE(loaded.error().text.find("another"), std::string::npos) << loaded.error().text;
  }
}

TEST_F(VkCacheFile, APayloadWithoutTheDriversHeaderIsRefused) {
  for (const size_t bytes : {size_t{0}, size_t{31}}) {
    ASSERT_TRUE(vk::save_cache(path(), std::span(payload_).first(bytes)));
    EXPECT_FALSE(vk::load_cache(path(), owner_)) << bytes;
  }
  payload_[4] = std::byte{2};
  ASSERT_TRUE(vk::save_cache(path(), payload_));
  EXPECT_FALSE(vk::load_cache(path(), owner_));
}

}  // namespace
}  // namespace lowtide
