// SPDX-License-Identifier: Apache-2.0
// place_images against numbers by hand and against the host's augmentation.
#include "engine/ops/place_images/place_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/reference/interpreter.hpp"
#include "trainer/data/batch_queue.hpp"

namespace lowtide::trainer {
namespace {

// 12 images of one channel and 3 x 2 pixels; pixel p of image i is 6 i + p + 1.
Dataset small_dataset() {
  Dataset dataset;
  dataset.name = "small";
  dataset.image = {3, 2, 1};
  dataset.class_names = {"even", "odd"};
  dataset.mean = {0.25f};
  dataset.deviation = {0.5f};
  for (uint32_t i = 0; i < 12; ++i) {
    dataset.train.labels.push_back(i % 2);
    for (uint32_t p = 0; p < 6; ++p) dataset.train.pixels.push_back(static_cast<uint8_t>(6 * i + p + 1));
  }
  return dataset;
}

// Two images of 1 x 2 pixels, 10 20 and 30 40; table[v] = v / 2.
TEST(PlaceImages, ByHand) {
  graph::Graph graph;
  const ValueId pixels = graph.constant("pixels", {DType::u32, Shape{1}});
  const ValueId table = graph.constant("table", f32_desc(Shape{1, 256}));
  const ValueId places = graph.input("places", {DType::u32, Shape{3, 4}});
  const ValueId y = *ops::place_images(graph, "images", pixels, places, table, {.h = 1, .w = 2});
  reference::Interpreter interpreter(graph);
  interpreter.set(pixels, std::vector<double>{10 + 256.0 * (20 + 256.0 * (30 + 256.0 * 40))});
  for (uint32_t v = 0; v < 256; ++v) interpreter.elements(table)[v] = v / 2.0;
  constexpr double kMinusOne = 4294967295.0;
  interpreter.set(places, std::vector<double>{1, 0, 0, 1,            // mirrored: 40 30
                                              0, 0, 1, 0,            // one to the right: 20, outside
                                              1, 0, kMinusOne, 0});  // one to the left: outside, 30
  ASSERT_TRUE(interpreter.evaluate());
  const std::vector<double> expected = {20, 15, 10, 0, 0, 15};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), interpreter.elements(y).begin()));
}

// What the device is told is what the host does: the op's reference on the resident pixels gives the host's batches.
TEST(PlaceImages, PlacesGiveTheImagesThatTheHostMakes) {
  const Dataset dataset = small_dataset();
  BatchOptions options = {.batch = 4, .augmentation = {.crop_padding = 1, .flip = true}, .seed = 5};
  const auto images = BatchQueue::open(dataset, dataset.train, options);
  options.places_only = true;
  const auto places = BatchQueue::open(dataset, dataset.train, options);
  ASSERT_TRUE(images && places);

  graph::Graph graph;
  const ValueId pixels = graph.constant("pixels", {DType::u32, Shape{12 * 6 / 4}});
  const ValueId table = graph.constant("table", f32_desc(Shape{1, 256}));
  const ValueId placements = graph.input("places", {DType::u32, Shape{4, 4}});
  const ValueId y = *ops::place_images(graph, "images", pixels, placements, table, {.h = 3, .w = 2});
  reference::Interpreter interpreter(graph);
  std::vector<double> words;
  for (size_t i = 0; i < dataset.train.pixels.size(); i += 4) {
    const uint8_t* four = dataset.train.pixels.data() + i;
    words.push_back(four[0] + 256.0 * (four[1] + 256.0 * (four[2] + 256.0 * four[3])));
  }
  interpreter.set(pixels, words);
  const PixelTable values(dataset, Normalization::standard);
  for (uint32_t pixel = 0; pixel < 256; ++pixel) {
    interpreter.elements(table)[pixel] = static_cast<double>(values.value(0, static_cast<uint8_t>(pixel)));
  }
  for (int step = 0; step < 7; ++step) {  // two epochs and more
    const Result<Batch> made = (*images)->next(), told = (*places)->next();
    ASSERT_TRUE(made && told);
    EXPECT_TRUE(told->images.empty());
    EXPECT_TRUE(std::equal(made->labels.begin(), made->labels.end(), told->labels.begin(), told->labels.end()));
    interpreter.set(placements, std::vector<double>(told->places.begin(), told->places.end()));
    ASSERT_TRUE(interpreter.evaluate());
    const auto found = interpreter.elements(y);
    ASSERT_EQ(found.size(), made->images.size());
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(static_cast<float>(found[i]), made->images[i]) << step << " " << i;
  }
}

}  // namespace
}  // namespace lowtide::trainer
