// SPDX-License-Identifier: Apache-2.0
// The safetensors container: what was written is read back, aligned and byte for byte; whatever a hostile or damaged
// file may hold is answered by a sentence.
#include "engine/model/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "engine/base/rng.hpp"

namespace lowtide::model {
namespace {

std::filesystem::path scratch_file(const char* name) {
  return std::filesystem::path(::testing::TempDir()) / (std::string("lowtide_") + name + ".safetensors");
}

std::vector<std::byte> container(std::string_view header, size_t data_bytes, int64_t announced = -1) {
  const uint64_t count = announced < 0 ? header.size() : static_cast<uint64_t>(announced);
  std::vector<std::byte> bytes(8 + header.size() + data_bytes);
  std::memcpy(bytes.data(), &count, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string error_of(std::string_view header, size_t data_bytes = 0, int64_t announced = -1) {
  const auto bytes = container(header, data_bytes, announced);
  const auto result = Safetensors::parse(bytes, "evil");
  if (result) return "no error";
  EXPECT_EQ(result.error().code, ErrorCode::format);
  return result.error().text;
}

template <class T>
StoredTensor tensor(std::string name, DType dtype, Shape shape, const std::vector<T>& elements) {
  return {std::move(name), {dtype, shape}, std::as_bytes(std::span(elements))};
}

TEST(Safetensors, WrittenTensorsAreReadBackAligned) {
  const std::vector<float> weights = {1.0f, -2.5f, 0.0f, 1e-40f, -0.0f, 3.0e38f};
  const std::vector<uint32_t> words = {0xffffffffu, 7u, 0u};
  const std::vector<uint8_t> codes = {1, 2, 3, 250, 255};
  const std::vector<float> scalar = {4.0f};
  const std::vector<StoredTensor> written = {
      tensor("conv1.weight", DType::f32, {2, 3}, weights), tensor("codes", DType::u8, {5}, codes),
      tensor("words", DType::u32, {1, 1, 3}, words), tensor("step", DType::f32, {}, scalar)};
  const Metadata metadata = {{"kind", "test"}, {"text", "line one\nline \"two\" \xc3\xa4"}};
  const auto path = scratch_file("round_trip");
  ASSERT_TRUE(write_safetensors(path, metadata, written));

  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  const auto read = Safetensors::open(path);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->metadata(), metadata);
  ASSERT_EQ(read->tensors().size(), written.size());
  for (const StoredTensor& expected : written) {
    const StoredTensor* found = read->find(expected.name);
    ASSERT_NE(found, nullptr) << expected.name;
    EXPECT_EQ(found->desc, expected.desc);
    ASSERT_EQ(found->bytes.size(), expected.bytes.size());
    EXPECT_EQ(std::memcmp(found->bytes.data(), expected.bytes.data(), expected.bytes.size()), 0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(found->bytes.data()) % kTensorAlignment, 0u) << expected.name;
  }
  EXPECT_EQ(read->find("__padding__.2"), nullptr);
  EXPECT_EQ(read->find("absent"), nullptr);
}

TEST(Safetensors, SameArgumentsGiveTheSameBytes) {
  const std::vector<float> a(33, 1.5f);
  const std::vector<StoredTensor> tensors = {tensor("b", DType::f32, {33}, a), tensor("a", DType::f32, {3, 11}, a)};
  const auto first = scratch_file("same_1");
  const auto second = scratch_file("same_2");
  ASSERT_TRUE(write_safetensors(first, {{"k", "v"}}, tensors));
  ASSERT_TRUE(write_safetensors(second, {{"k", "v"}}, tensors));
  const auto x = MappedFile::open(first);
  const auto y = MappedFile::open(second);
  ASSERT_TRUE(x && y);
  EXPECT_TRUE(std::ranges::equal(x->bytes(), y->bytes()));
}

TEST(Safetensors, AnEmptyContainerIsValid) {
  const auto path = scratch_file("empty");
  ASSERT_TRUE(write_safetensors(path, {}, {}));
  const auto read = Safetensors::open(path);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(read->tensors().empty());
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const std::vector<float> a(20, 1.0f);
  const std::vector<StoredTensor> tensors = {tensor("a", DType::f32, {20}, a), tensor("b", DType::f32, {4, 5}, a)};
  const auto path = scratch_file("truncated");
  ASSERT_TRUE(write_safetensors(path, {{"k", "v"}}, tensors));
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  for (size_t count = 0; count < file->bytes().size(); ++count) {
    EXPECT_FALSE(Safetensors::parse(file->bytes().first(count), "cut")) << count;
  }
  ASSERT_TRUE(Safetensors::parse(file->bytes(), "whole"));
  std::vector<std::byte> longer(file->bytes().begin(), file->bytes().end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(Safetensors::parse(longer, "longer"));
}

TEST(Safetensors, HostileHeadersAreRefusedWithAReason) {
  const auto expect = [](const char* what, const std::string& error) {
    EXPECT_NE(error.find(what), std::string::npos) << "expected \"" << what << "\" in: " << error;
  };
  expect("announce a header", error_of("{}", 0, int64_t{1} << 62));
  expect("announce a header", error_of("{}", 0, 3));
  expect("not a JSON object", error_of("[1]"));
  expect("not a JSON object", error_of("{\"a\":"));
  expect("not a JSON object", error_of(""));
  expect("nested deeper", error_of("{\"a\":{\"b\":[[[[[[[[1]]]]]]]]}}"));
  expect("nested deeper", error_of("{\"a\":" + std::string(100000, '[')));
  expect("twice", error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],)"
                           R"("data_offsets":[0,4]}})",
                           4));
  expect("exactly dtype", error_of(R"({"a":{"dtype":"F32","shape":[1]}})", 4));
  expect("exactly dtype", error_of(R"({"a":7})", 4));
  expect("supported are", error_of(R"({"a":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}})", 16));
  expect("not text", error_of(R"({"a":{"dtype":5,"shape":[1],"data_offsets":[0,4]}})", 4));
  expect("at most 4", error_of(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1],"data_offsets":[0,1]}})", 1));
  expect("not a list", error_of(R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})", 1));
  expect("whole numbers", error_of(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1));
  expect("whole numbers", error_of(R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", 1));
  expect("whole numbers", error_of(R"({"a":{"dtype":"U8","shape":[4294967296],"data_offsets":[0,1]}})", 1));
  // 65536^4 elements of 4 bytes is 2^66 bytes, which wraps to 0 in 64 bits.
  expect("absurdly", error_of(R"({"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}})", 0));
  expect("two whole numbers", error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1));
  expect("two whole numbers", error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", 1));
  expect("claims the bytes", error_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 1));
  expect("claims the bytes", error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1));
  expect("claims the bytes",
         error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551615]}})", 1));
  expect("needs 8 bytes", error_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4));
  expect("overlaps", error_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                              R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                              3));
  expect("overlaps", error_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                              R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                              2));
  expect("gap", error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2));
  expect("belong to no tensor", error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 2));
  expect("no name", error_of(R"({"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1));
  expect("text to text", error_of(R"({"__metadata__":[]})"));
  expect("not text", error_of(R"({"__metadata__":{"a":1}})"));
}

// Random damage must never crash; whatever still reads must keep its promises.
TEST(Safetensors, RandomDamageNeverCrashes) {
  const std::vector<float> a(16, 1.0f);
  const std::vector<StoredTensor> tensors = {tensor("alpha", DType::f32, {4, 4}, a),
                                             tensor("beta", DType::f32, {16}, a)};
  const auto path = scratch_file("damage");
  ASSERT_TRUE(write_safetensors(path, {{"key", "value"}}, tensors));
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  Rng rng(7, 1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(file->bytes().begin(), file->bytes().end());
    for (uint32_t hit = 0; hit <= rng.below(3); ++hit) {
      bytes[rng.below(static_cast<uint32_t>(bytes.size()))] = static_cast<std::byte>(rng.below(256));
    }
    const auto read = Safetensors::parse(bytes, "damaged");
    if (!read) continue;
    for (const StoredTensor& t : read->tensors()) {
      ASSERT_EQ(t.bytes.size(), t.desc.bytes());
      ASSERT_GE(t.bytes.data(), bytes.data());
      ASSERT_LE(t.bytes.data() + t.bytes.size(), bytes.data() + bytes.size());
    }
  }
}

TEST(Safetensors, AMissingFileIsNotFound) {
  const auto read = Safetensors::open("/nonexistent/model.safetensors");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace lowtide::model
