// SPDX-License-Identifier: Apache-2.0
// Augmentation and the batch queue: the sequence of batches depends on options and position, never on threads or time.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "data_files.hpp"
#include "trainer/data/batch_queue.hpp"

namespace lowtide::trainer {
namespace {

// Images of one channel and 3 x 2 pixels; pixel p of image i is 6 i + p + 1.
Dataset counting_dataset(uint32_t train_count, uint32_t test_count = 3) {
  Dataset dataset;
  dataset.name = "counting";
  dataset.image = {3, 2, 1};
  dataset.class_names = {"even", "odd"};
  dataset.mean = {0.0f};
  dataset.deviation = {1.0f / 255.0f};
  for (auto [split, count] : {std::pair{&dataset.train, train_count}, std::pair{&dataset.test, test_count}}) {
    for (uint32_t i = 0; i < count; ++i) {
      split->labels.push_back(i % 2);
      for (uint32_t p = 0; p < 6; ++p) split->pixels.push_back(static_cast<uint8_t>(6 * i + p + 1));
    }
  }
  return dataset;
}

struct Copy {
  std::vector<float> images;
  std::vector<uint32_t> labels;
  uint32_t valid;
  uint64_t epoch;
  uint64_t index;

  friend bool operator==(const Copy&, const Copy&) = default;
};

std::vector<Copy> take(BatchQueue& queue, size_t count) {
  std::vector<Copy> out;
  for (size_t i = 0; i < count; ++i) {
    const Result<Batch> batch = queue.next();
    if (!batch) {
      ADD_FAILURE() << batch.error().text;
      break;
    }
    out.push_back({{batch->images.begin(), batch->images.end()},
                   {batch->labels.begin(), batch->labels.end()},
                   batch->valid,
                   batch->epoch,
                   batch->index});
  }
  return out;
}

std::unique_ptr<BatchQueue> open_queue(const Dataset& dataset, const Split& split, const BatchOptions& options,
                                       BatchPosition start = {}) {
  Result<std::unique_ptr<BatchQueue>> queue = BatchQueue::open(dataset, split, options, start);
  if (!queue) {
    ADD_FAILURE() << queue.error().text;
    return nullptr;
  }
  return std::move(*queue);
}

BatchOptions training_options(uint32_t workers) {
  BatchOptions options;
  options.batch = 4;
  options.augmentation = {1, true};
  options.workers = workers;
  return options;
}

TEST(DataQueue, EpochOrderIsAPermutation) {
  for (const uint32_t count : {1u, 2u, 7u, 1000u}) {
    std::vector<uint32_t> order = epoch_order(5, 3, count);
    EXPECT_EQ(order, epoch_order(5, 3, count));
    std::sort(order.begin(), order.end());
    for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(order[i], i);
  }
  EXPECT_NE(epoch_order(5, 3, 100), epoch_order(5, 4, 100));
  EXPECT_NE(epoch_order(5, 3, 100), epoch_order(6, 3, 100));
}

TEST(DataQueue, EpochOrdersAreUniform) {
  std::map<std::vector<uint32_t>, int> seen;
  for (uint64_t epoch = 0; epoch < 6000; ++epoch) ++seen[epoch_order(1, epoch, 3)];
  ASSERT_EQ(seen.size(), 6u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(DataQueue, PlacementsCoverTheirRange) {
  std::map<int, int> down;
  std::map<int, int> right;
  int mirrored = 0;
  for (uint32_t sample = 0; sample < 9000; ++sample) {
    const Placement p = draw_placement({4, true}, 1, 2, sample);
    EXPECT_EQ(p, draw_placement({4, true}, 1, 2, sample));
    ++down[p.down];
    ++right[p.right];
    mirrored += p.is_mirrored;
  }
  EXPECT_EQ(down.begin()->first, -4);
  EXPECT_EQ(down.rbegin()->first, 4);
  EXPECT_EQ(right.size(), 9u);
  for (const auto& [offset, count] : down) EXPECT_NEAR(count, 1000, 150) << offset;
  EXPECT_NEAR(mirrored, 4500, 250);
  EXPECT_EQ(draw_placement({0, false}, 1, 2, 3), Placement{});
  EXPECT_NE(draw_placement({4, true}, 1, 2, 3), draw_placement({4, true}, 1, 3, 3));
}

TEST(DataQueue, TonesCoverTheirRange) {
  double shifts = 0, factors = 0, lowest = 1e9, highest = -1e9;
  for (uint32_t sample = 0; sample < 9000; ++sample) {
    const Tone tone = draw_tone({.brightness = 30, .contrast = 0.5}, 1, 2, sample);
    EXPECT_EQ(tone, draw_tone({.brightness = 30, .contrast = 0.5}, 1, 2, sample));
    EXPECT_LE(std::abs(tone.shift), 30.0);
    EXPECT_LE(std::abs(tone.factor - 1), 0.5);
    shifts += tone.shift / 9000;
    factors += tone.factor / 9000;
    lowest = std::min(lowest, tone.factor);
    highest = std::max(highest, tone.factor);
  }
  EXPECT_NEAR(shifts, 0.0, 1.0);
  EXPECT_NEAR(factors, 1.0, 0.02);
  EXPECT_LT(lowest, 0.51);
  EXPECT_GT(highest, 1.49);
  EXPECT_EQ(draw_tone({}, 1, 2, 3), Tone{});
}

TEST(DataQueue, TonesMoveChannelsAboutTheirMeans) {
  const ImageShape image = {.height = 1, .width = 3, .channels = 2};
  const std::vector<uint8_t> start = {10, 0, 20, 128, 60, 255};  // means 30 and 127.667
  std::vector<uint8_t> pixels = start;
  change_tone(pixels, image, {});
  EXPECT_EQ(pixels, start);
  change_tone(pixels, image, {.shift = 5.5});
  EXPECT_EQ(pixels, (std::vector<uint8_t>{16, 6, 26, 134, 66, 255}));
  pixels = start;
  change_tone(pixels, image, {.factor = 0.5});
  EXPECT_EQ(pixels, (std::vector<uint8_t>{20, 64, 25, 128, 45, 191}));
  pixels = start;
  change_tone(pixels, image, {.shift = -20, .factor = 2});  // 0 0 40 | 0 108 235, means 13.333 and 114.333
  EXPECT_EQ(pixels, (std::vector<uint8_t>{0, 0, 0, 102, 67, 255}));
}

TEST(DataQueue, PlacedImagesAreCropsOfThePaddedImage) {
  const Dataset dataset = counting_dataset(1);
  const PixelTable table(dataset, Normalization::unit);
  constexpr int kPad = 2;
  for (int down = -kPad; down <= kPad; ++down) {
    for (int right = -kPad; right <= kPad; ++right) {
      for (const bool is_mirrored : {false, true}) {
        float padded[3 + 2 * kPad][2 + 2 * kPad] = {};
        for (int y = 0; y < 3; ++y) {
          for (int x = 0; x < 2; ++x) padded[y + kPad][x + kPad] = static_cast<float>(2 * y + x + 1) / 255.0f;
        }
        std::vector<float> out(6);
        place_image(dataset.train.pixels, dataset.image, table, {down, right, is_mirrored}, out);
        for (int y = 0; y < 3; ++y) {
          for (int x = 0; x < 2; ++x) {
            const int from = is_mirrored ? 1 - x : x;
            EXPECT_FLOAT_EQ(out[static_cast<size_t>(2 * y + x)], padded[y + down + kPad][from + right + kPad]);
          }
        }
      }
    }
  }
}

TEST(DataQueue, NormalizationsAreTheirFormulas) {
  Dataset dataset = counting_dataset(1);
  dataset.mean = {0.25f};
  dataset.deviation = {0.5f};
  for (const uint8_t pixel : {uint8_t{0}, uint8_t{51}, uint8_t{255}}) {
    const float unit = static_cast<float>(pixel) / 255.0f;
    EXPECT_FLOAT_EQ(PixelTable(dataset, Normalization::unit).value(0, pixel), unit);
    EXPECT_FLOAT_EQ(PixelTable(dataset, Normalization::symmetric).value(0, pixel), 2 * unit - 1);
    EXPECT_FLOAT_EQ(PixelTable(dataset, Normalization::standard).value(0, pixel), (unit - 0.25f) / 0.5f);
  }
}

TEST(DataQueue, TrainingVisitsEachImageOnceAnEpochAndDropsTheRest) {
  const Dataset dataset = counting_dataset(14);
  BatchOptions options = training_options(2);
  options.augmentation = {};
  const auto queue = open_queue(dataset, dataset.train, options);
  EXPECT_EQ(queue->batches_per_epoch(), 3u);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<float> seen;
    for (const Copy& batch : take(*queue, 3)) {
      EXPECT_EQ(batch.epoch, epoch);
      EXPECT_EQ(batch.valid, 4u);
      for (size_t i = 0; i < 4; ++i) {
        const float first = batch.images[6 * i];
        const auto sample = static_cast<uint32_t>(std::lround((first - 1) / 6));
        seen.insert(first);
        EXPECT_EQ(batch.labels[i], sample % 2);
        for (size_t p = 0; p < 6; ++p) EXPECT_FLOAT_EQ(batch.images[6 * i + p], first + static_cast<float>(p));
      }
    }
    EXPECT_EQ(seen.size(), 12u);
  }
}

TEST(DataQueue, EvaluationKeepsTheOrderAndPadsTheLastBatch) {
  const Dataset dataset = counting_dataset(4, 6);
  BatchOptions options;
  options.batch = 4;
  options.is_training = false;
  options.augmentation = {1, true};  // has no effect here
  const auto queue = open_queue(dataset, dataset.test, options);
  EXPECT_EQ(queue->batches_per_epoch(), 2u);
  const std::vector<Copy> batches = take(*queue, 4);
  EXPECT_EQ(batches[0].valid, 4u);
  EXPECT_EQ(batches[1].valid, 2u);
  EXPECT_EQ(batches[1].index, 1u);
  EXPECT_FLOAT_EQ(batches[1].images[0], 25.0f);
  EXPECT_EQ(batches[1].images[2 * 6], 0.0f);
  EXPECT_EQ(batches[1].images.back(), 0.0f);
  EXPECT_EQ(batches[1].labels, (std::vector<uint32_t>{0, 1, 0, 0}));
  EXPECT_EQ(batches[2].images, batches[0].images);
}

TEST(DataQueue, WorkersDoNotChangeTheSequence) {
  const Dataset dataset = counting_dataset(23);
  const auto one = open_queue(dataset, dataset.train, training_options(1));
  const std::vector<Copy> expected = take(*one, 40);
  EXPECT_NE(expected[0].images, expected[5].images);
  for (const uint32_t workers : {2u, 5u}) {
    const auto many = open_queue(dataset, dataset.train, training_options(workers));
    EXPECT_EQ(take(*many, 40), expected) << workers;
  }
}

TEST(DataQueue, AnyPositionContinuesExactly) {
  const Dataset dataset = counting_dataset(23);
  const auto whole = open_queue(dataset, dataset.train, training_options(2));
  const std::vector<Copy> expected = take(*whole, 30);
  for (const size_t done : {size_t{0}, size_t{1}, size_t{4}, size_t{5}, size_t{17}}) {
    const auto first = open_queue(dataset, dataset.train, training_options(2));
    take(*first, done);
    const BatchPosition position = first->position();
    EXPECT_EQ(position, (BatchPosition{done / 5, done % 5}));
    const auto second = open_queue(dataset, dataset.train, training_options(3), position);
    const std::vector<Copy> rest(expected.begin() + static_cast<std::ptrdiff_t>(done), expected.end());
    EXPECT_EQ(take(*second, rest.size()), rest);
    first->seek({0, 0});
    EXPECT_EQ(take(*first, 7), std::vector<Copy>(expected.begin(), expected.begin() + 7));
  }
}

TEST(DataQueue, WorkersRunAheadButNotOverTheBatchInUse) {
  const Dataset dataset = counting_dataset(40);
  BatchOptions options = training_options(2);
  options.ahead = 3;
  const auto queue = open_queue(dataset, dataset.train, options);
  // Given time, workers fill all slots but the caller's: the next three batches need no waiting. The time grows with
  // each attempt, for machines that are busy.
  bool was_ready = false;
  for (int attempt = 1; attempt <= 20 && !was_ready; ++attempt) {
    const Result<Batch> batch = queue->next();
    ASSERT_TRUE(batch);
    const std::vector<float> before(batch->images.begin(), batch->images.end());
    std::this_thread::sleep_for(std::chrono::milliseconds(10 * attempt));
    EXPECT_TRUE(std::equal(before.begin(), before.end(), batch->images.begin()));
    const double waited = queue->waited_seconds();
    take(*queue, 3);
    was_ready = queue->waited_seconds() == waited;
  }
  EXPECT_TRUE(was_ready);
}

TEST(DataQueue, TooFewImagesAreAnError) {
  const Dataset dataset = counting_dataset(3, 0);
  const auto few = BatchQueue::open(dataset, dataset.train, training_options(1));
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().text.find("counting has 3 training images, but a batch takes 4"), std::string::npos);
  BatchOptions options;
  options.is_training = false;
  EXPECT_FALSE(BatchQueue::open(dataset, dataset.test, options));
}

TEST(DataQueue, AnImageThatCannotBeDecodedIsAnErrorNotACrash) {
  TemporaryFolder folder;
  Dataset dataset = counting_dataset(0);
  dataset.image = {8, 8, 3};
  dataset.mean = dataset.deviation = {0.5f, 0.5f, 0.5f};
  const auto file = folder.write("broken.jpg", {'n', 'o'});
  for (uint32_t i = 0; i < 12; ++i) {
    dataset.train.files.push_back(file);
    dataset.train.labels.push_back(0);
  }
  const auto queue = open_queue(dataset, dataset.train, training_options(2));
  for (int i = 0; i < 2; ++i) {
    const Result<Batch> batch = queue->next();
    ASSERT_FALSE(batch);
    EXPECT_NE(batch.error().text.find("broken.jpg"), std::string::npos);
    EXPECT_EQ(queue->position(), BatchPosition{});
  }
}

}  // namespace
}  // namespace lowtide::trainer
