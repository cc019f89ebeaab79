// SPDX-License-Identifier: Apache-2.0
// Sessions: logits equal the reference's for every count and batch; pixels, planning anew, sharing a device, errors.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "engine/base/rng.hpp"
#include "engine/infer/read_pixels.hpp"
#include "engine/infer/session.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/tune/tuning_file.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/harness/device/small_model.hpp"

namespace lowtide {
namespace {

using harness::kSmallChannels;
using harness::kSmallClasses;
using harness::kSmallImageElements;
using harness::whole_images;
using infer::LayerRun;
using infer::Session;
using infer::SessionOptions;

class InferSession : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    path_ = std::filesystem::path(testing::TempDir()) / ("small_model_" + std::to_string(getpid()) + ".safetensors");
    const Result<void> written = harness::write_small_model(path_);
    ASSERT_TRUE(written) << written.error().to_string();
  }
  static void TearDownTestSuite() { std::filesystem::remove(path_); }

  static std::unique_ptr<Session> open(const SessionOptions& options = {}) {
    auto opened = Session::open(harness::test_context(), path_, options);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? std::move(*opened) : nullptr;
  }
  static std::vector<float> expected(std::span<const float> images) {
    auto packed = model::PackedModel::open(path_);
    EXPECT_TRUE(packed) << packed.error().to_string();
    auto logits = harness::reference_logits(*packed, images);
    EXPECT_TRUE(logits) << logits.error().to_string();
    return logits.value();
  }

  static std::filesystem::path path_;
};
std::filesystem::path InferSession::path_;

TEST_F(InferSession, LogitsEqualTheReferenceForEveryCountAndBatch) {
  const std::vector<float> images = whole_images(7, 1);
  const std::vector<float> all = expected(images);
  ASSERT_FALSE(std::equal(all.begin(), all.begin() + kSmallClasses, all.begin() + kSmallClasses));
  for (const uint32_t batch : {1u, 3u, 4u}) {
    const auto session = open({.batch = batch});
    ASSERT_NE(session, nullptr);
    for (const size_t count : {0u, 1u, 2u, 3u, 7u}) {
      const auto logits = session->run(std::span(images).first(count * kSmallImageElements));
      ASSERT_TRUE(logits) << logits.error().to_string();
      EXPECT_EQ(*logits, std::vector<float>(all.begin(), all.begin() + static_cast<long>(count * kSmallClasses)))
          << count << " images in batches of " << batch;
    }
  }
}

TEST_F(InferSession, TheReadableKernelsGiveTheSameLogits) {
  const std::vector<float> images = whole_images(5, 2);
  EXPECT_EQ(open({.batch = 2, .naive_only = true})->run(images).value(), open({.batch = 2})->run(images).value());
}

TEST_F(InferSession, TuningChangesKernelsAndNoBit) {
  const std::vector<float> images = whole_images(3, 5);
  const auto by_rules = open({.batch = 1, .tuning = "off"});
  graph::Tuning tuning;
  for (const graph::Node& node : by_rules->graph().nodes()) {
    tuning.by_node[node_signature(node, by_rules->graph())] = "naive";
  }
  const auto path = std::filesystem::path(testing::TempDir()) / "session_tuning.txt";
  ASSERT_TRUE(tune::save_tuning_file(path, tuning, tune::subject_of(by_rules->context())));
  const auto tuned = open({.batch = 1, .tuning = path.string()});
  ASSERT_NE(tuned, nullptr);
  EXPECT_EQ(tuned->run(images).value(), by_rules->run(images).value());
  uint32_t changed = 0;
  for (const LayerRun& layer : tuned->layers()) {
    const bool is_exact = layer.op == "packed_conv2d" || layer.op == "packed_linear";
    if (is_exact) {
      EXPECT_TRUE(layer.is_tuned) << layer.layer;
    }
    if (layer.op == "conv2d" || layer.op == "linear") {
      EXPECT_FALSE(layer.is_tuned) << layer.layer;  // another kernel could give other bits
    }
    changed += layer.is_tuned && layer.kernel.find("_naive") != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(changed, 1u);
  for (const LayerRun& layer : by_rules->layers()) EXPECT_FALSE(layer.is_tuned);
  std::filesystem::remove(path);
}

TEST_F(InferSession, PixelsAreNormalisedByMeanAndDeviation) {
  Rng rng(3, 0);
  std::vector<uint8_t> pixels(size_t{5} * kSmallImageElements);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
  const auto session = open({.batch = 2});
  const model::ModelInfo& info = session->info();
  std::vector<float> images;
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t c = i % kSmallChannels;
    images.push_back(static_cast<float>((pixels[i] / 255.0 - static_cast<double>(info.mean[c])) /
                                        static_cast<double>(info.deviation[c])));
  }
  EXPECT_EQ(session->run(std::span<const uint8_t>(pixels)).value(), session->run(images).value());
}

std::vector<uint8_t> some_pixels(uint32_t count, uint64_t seed) {
  Rng rng(seed, 3);
  std::vector<uint8_t> pixels(size_t{count} * kSmallImageElements);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
  return pixels;
}

std::vector<float> normalised(const Session& session, std::span<const uint8_t> pixels) {
  const std::vector<float> table = infer::make_pixel_table(session.info());
  std::vector<float> images;
  for (size_t i = 0; i < pixels.size(); ++i) images.push_back(table[i % kSmallChannels * 256 + pixels[i]]);
  return images;
}

TEST_F(InferSession, PixelsGoToTheDeviceAsBytes) {
  const auto session = open({.batch = 3});
  EXPECT_EQ(session->graph().desc(session->graph().find("images")).dtype, DType::u8);
  EXPECT_EQ(session->upload_bytes(), 3u * kSmallImageElements);
  ASSERT_TRUE(session->run(whole_images(1, 20)));
  EXPECT_EQ(session->graph().desc(session->graph().find("images")).dtype, DType::f32);
  EXPECT_EQ(session->upload_bytes(), 12u * kSmallImageElements);
}

// Both plans of a session at once, also in flight, before and after another batch.
TEST_F(InferSession, PixelsAndFloatsMayAlternate) {
  const auto session = open({.batch = 2});
  const std::vector<uint8_t> pixels = some_pixels(3, 21);
  const std::vector<float> images = normalised(*session, pixels), all = expected(images);
  for (const uint32_t batch : {2u, 3u}) {
    ASSERT_TRUE(session->set_batch(batch));
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(session->run(std::span<const uint8_t>(pixels)).value(), all);
      EXPECT_EQ(session->run(images).value(), all);
    }
    std::vector<float> from_pixels(kSmallClasses), from_floats(kSmallClasses);
    const auto first = session->submit(std::span(pixels).first(kSmallImageElements), from_pixels);
    const auto second = session->submit(std::span(images).first(kSmallImageElements), from_floats);
    ASSERT_TRUE(first && first->has_value() && second && second->has_value());
    EXPECT_TRUE(session->finish(**second, 60'000'000'000u).value());
    EXPECT_EQ(from_pixels, std::vector<float>(all.begin(), all.begin() + kSmallClasses));
    EXPECT_EQ(from_floats, from_pixels);
  }
}

TEST_F(InferSession, APlanThatDoesNotFitLeavesTheOther) {
  auto context = runtime::Context::create({.cache_folder = std::filesystem::path()});
  ASSERT_TRUE(context);
  auto session = Session::open(**context, path_);
  ASSERT_TRUE(session);
  const std::vector<uint8_t> pixels = some_pixels(1, 22);
  const std::vector<float> images = normalised(**session, pixels), all = expected(images);
  (*context)->set_fault_hook([](std::string_view what) { return what != "submit"; });
  EXPECT_EQ((*session)->run(images).error().code, ErrorCode::out_of_memory);
  EXPECT_EQ((*session)->run(std::span<const uint8_t>(pixels)).value(), all);
  (*context)->set_fault_hook({});
  EXPECT_EQ((*session)->run(images).value(), all);
}

TEST_F(InferSession, ABatchIsPlannedAnew) {
  const std::vector<float> images = whole_images(6, 4);
  const std::vector<float> all = expected(images);
  const auto session = open();
  for (const uint32_t batch : {6u, 1u, 5u}) {
    ASSERT_TRUE(session->set_batch(batch));
    EXPECT_EQ(session->batch(), batch);
    EXPECT_EQ(session->run(images).value(), all);
  }
}

TEST_F(InferSession, ABatchThatCannotBeLeavesTheSessionAsItWas) {
  const std::vector<float> images = whole_images(2, 5);
  const auto session = open({.batch = 2});
  EXPECT_EQ(session->set_batch(0).error().code, ErrorCode::invalid_argument);
  const Result<void> huge = session->set_batch(0xffffffffu);
  ASSERT_FALSE(huge);
  EXPECT_FALSE(huge.error().text.empty());
  EXPECT_EQ(session->batch(), 2u);
  EXPECT_EQ(session->run(images).value(), expected(images));
}

TEST_F(InferSession, ARunMakesOneSubmissionPerBatchAndNothingElse) {
  const auto session = open({.batch = 2});
  const std::vector<float> images = whole_images(7, 6);
  ASSERT_TRUE(session->run(images));
  runtime::Counters before = session->context().counters();
  ASSERT_TRUE(session->run(images));
  before.submits += 4;
  EXPECT_EQ(session->context().counters(), before);
}

TEST_F(InferSession, LayersNameEveryDispatchAndItsTime) {
  for (const bool profile : {false, true}) {
    const auto session = open({.batch = 2, .profile = profile});
    ASSERT_TRUE(session->run(whole_images(4, 7)));
    const std::vector<LayerRun> layers = session->layers();
    size_t dispatches = 0;
    double seconds = 0.0;
    std::string names;
    for (const LayerRun& row : layers) {
      dispatches += row.dispatch_count;
      seconds += row.seconds;
      if (!names.ends_with(row.layer + " ")) names += row.layer + " ";
      EXPECT_TRUE(find_kernel(row.kernel)) << row.kernel;
    }
    EXPECT_EQ(dispatches, session->program().dispatches.size());
    EXPECT_EQ(names, "first first.pack second last ");
    EXPECT_EQ(seconds > 0.0, profile && session->context().caps().timestamp_period_ns > 0.0f);
  }
}

TEST_F(InferSession, SizesThatDoNotFitAreRefused) {
  const auto session = open();
  std::vector<float> images = whole_images(1, 8), logits(kSmallClasses);
  EXPECT_EQ(session->run(std::span<const float>(images).first(7), logits).error().code, ErrorCode::invalid_argument);
  const auto small = session->run(std::span<const float>(images), std::span(logits).first(kSmallClasses - 1));
  EXPECT_EQ(small.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(session->run(std::span<const float>(images), logits));
}

TEST_F(InferSession, OpensTheBytesOfAModelWhereverTheyLie) {
  const auto mapped = MappedFile::open(path_);
  ASSERT_TRUE(mapped);
  const std::vector<float> images = whole_images(1, 9);
  const std::vector<float> logits = expected(images);
  for (const size_t shift : {0u, 1u, 4u}) {
    std::vector<std::byte> bytes(mapped->bytes().size() + shift);
    std::copy(mapped->bytes().begin(), mapped->bytes().end(), bytes.begin() + static_cast<long>(shift));
    auto session = Session::open(harness::test_context(), std::span(bytes).subspan(shift), "bytes");
    ASSERT_TRUE(session) << session.error().to_string();
    std::fill(bytes.begin(), bytes.end(), std::byte{0});  // the session has a copy
    EXPECT_EQ((*session)->run(images).value(), logits);
    ASSERT_TRUE((*session)->set_batch(3));  // and goes on using it
    EXPECT_EQ((*session)->run(images).value(), logits);
  }
}

TEST_F(InferSession, WhatIsNoModelIsAnError) {
  EXPECT_EQ(Session::open(harness::test_context(), "no/such/model").error().code, ErrorCode::not_found);
  const std::vector<std::byte> bytes(100);
  const auto opened = Session::open(harness::test_context(), bytes, "a hundred zeros");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::format);
  EXPECT_NE(opened.error().text.find("a hundred zeros"), std::string::npos) << opened.error().text;
}

TEST_F(InferSession, ADeviceThatIsNotThereIsAnError) {
  const auto opened = Session::open(path_, {.device = "no such device", .cache_folder = std::filesystem::path()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found) << opened.error().to_string();
}

TEST_F(InferSession, SessionsOnOneDeviceRunOnSeveralThreads) {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 3; ++i) {
    threads.emplace_back([i] {
      const std::vector<float> images = whole_images(5 + i, 10 + i);
      const std::vector<float> logits = expected(images);
      const auto session = open({.batch = 1 + i});
      for (int repeat = 0; repeat < 5; ++repeat) EXPECT_EQ(session->run(images).value(), logits);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(InferSession, EveryCreationOfASessionFailsOnce) {
  runtime::Context& context = harness::test_context();
  int failures = 0;
  for (;; ++failures) {
    ASSERT_LT(failures, 200);
    int left = failures;
    std::string failed;
    context.set_fault_hook([&](std::string_view what) {
      if (what == "submit" || left-- != 0) return false;
      failed = what;
      return true;
    });
    const auto session = Session::open(context, path_, {.batch = 2, .profile = true});
    context.set_fault_hook({});
    if (failed.empty()) {
      EXPECT_TRUE(session);
      break;
    }
    ASSERT_FALSE(session) << failed;
    EXPECT_EQ(session.error().code, ErrorCode::out_of_memory) << session.error().to_string();
  }
  EXPECT_GE(failures, 5);
}

TEST_F(InferSession, ALostDeviceIsAnErrorOfTheRun) {
  auto context = runtime::Context::create({.cache_folder = std::filesystem::path()});
  ASSERT_TRUE(context);
  auto session = Session::open(**context, path_);
  ASSERT_TRUE(session);
  (*context)->set_fault_hook([](std::string_view what) { return what == "submit"; });
  EXPECT_EQ((*session)->run(whole_images(2, 11)).error().code, ErrorCode::device_lost);
  (*context)->set_fault_hook({});
  EXPECT_EQ((*session)->run(whole_images(2, 11)).value(), expected(whole_images(2, 11)));
}

TEST_F(InferSession, SubmissionsAreDeliveredInOrder) {
  const auto session = open({.batch = 2, .in_flight = 3});
  const std::vector<float> images = whole_images(6, 12), all = expected(images);
  std::vector<float> logits(all.size());
  uint64_t last = 0;
  for (size_t i = 0; i < 3; ++i) {
    const auto part = std::span<const float>(images).subspan(2 * i * kSmallImageElements, 2 * kSmallImageElements);
    const auto number =
        session->submit(part, std::span(logits).subspan(2 * i * kSmallClasses, size_t{2} * kSmallClasses));
    ASSERT_TRUE(number) << number.error().to_string();
    ASSERT_TRUE(number->has_value());
    EXPECT_EQ(**number, ++last);
  }
  EXPECT_TRUE(session->finish(last, 60'000'000'000u).value());
  EXPECT_EQ(logits, all);
  EXPECT_TRUE(session->finish(1, 0).value());
  EXPECT_EQ(session->finish(last + 1, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(session->finish(0, 0).error().code, ErrorCode::invalid_argument);
}

TEST_F(InferSession, ASubmissionThatFailsTakesNoOtherWithIt) {
  auto context = runtime::Context::create({.cache_folder = std::filesystem::path()});
  ASSERT_TRUE(context);
  auto session = Session::open(**context, path_);
  ASSERT_TRUE(session);
  const std::vector<float> images = whole_images(1, 13), all = expected(images);
  std::vector<float> early(kSmallClasses), lost(kSmallClasses, 77.0f), late(kSmallClasses);
  const auto first = (*session)->submit(std::span<const float>(images), early);
  ASSERT_TRUE(first && first->has_value());
  (*context)->set_fault_hook([](std::string_view what) { return what == "submit"; });
  EXPECT_EQ((*session)->submit(std::span<const float>(images), lost).error().code, ErrorCode::device_lost);
  (*context)->set_fault_hook({});
  EXPECT_TRUE((*session)->finish(**first, 0).value());  // the failure waited for it
  EXPECT_EQ(early, all);
  const auto second = (*session)->submit(std::span<const float>(images), late);
  ASSERT_TRUE(second && second->has_value());
  EXPECT_TRUE((*session)->finish(**second, 60'000'000'000u).value());
  EXPECT_EQ(late, all);
  EXPECT_EQ(lost, std::vector<float>(kSmallClasses, 77.0f));
}

TEST_F(InferSession, NoneOrTooManyInFlightAreRefused) {
  for (const uint32_t count : {0u, infer::kMaxInFlight + 1}) {
    const auto opened = Session::open(harness::test_context(), path_, {.in_flight = count});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace lowtide
