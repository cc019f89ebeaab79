// SPDX-License-Identifier: Apache-2.0
// The embedded data set: the same bytes everywhere, balanced, and not for linear classifiers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "trainer/data/augment.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/data/glyph_shapes.hpp"
#include "trainer/data/glyphs.hpp"

namespace lowtide::trainer {
namespace {

using Image = std::vector<uint8_t>;

Image drawn(uint64_t seed, uint32_t split, uint32_t index) {
  Image image(kGlyphImage.bytes());
  draw_glyph(seed, split, index, image);
  return image;
}

TEST(DataGlyphs, SineIsExactEnough) {
  for (int i = -40; i <= 40; ++i) {
    EXPECT_NEAR(sine_of_turns(i / 16.0), std::sin(6.283185307179586 * i / 16.0), 1e-9);
    EXPECT_NEAR(cosine_of_turns(i / 13.0), std::cos(6.283185307179586 * i / 13.0), 1e-9);
  }
}

TEST(DataGlyphs, EveryImageIsAPureFunction) {
  EXPECT_EQ(drawn(1, 0, 77), drawn(1, 0, 77));
  EXPECT_NE(drawn(1, 0, 77), drawn(1, 0, 78));
  EXPECT_NE(drawn(1, 0, 77), drawn(1, 1, 77));
  EXPECT_NE(drawn(1, 0, 77), drawn(2, 0, 77));
  const Dataset dataset = make_glyphs({.seed = 1, .train_count = 100, .test_count = 20});
  const auto at = dataset.train.pixels.begin() + 77 * 784;
  EXPECT_TRUE(std::equal(at, at + 784, drawn(1, 0, 77).begin()));
}

// FNV-1a over bytes that no compiler or machine may change.
TEST(DataGlyphs, BytesAreTheRecordedOnes) {
  uint64_t hash = 14695981039346656037u;
  for (uint32_t index = 0; index < 200; ++index) {
    for (const uint8_t byte : drawn(1, 0, index)) hash = (hash ^ byte) * 1099511628211u;
  }
  EXPECT_EQ(hash, 13724912615305014058u);
}

TEST(DataGlyphs, ClassesAreDistinctAndBalanced) {
  const Dataset dataset = make_glyphs();
  EXPECT_EQ(dataset.train.count(), 12000u);
  EXPECT_EQ(dataset.test.count(), 2000u);
  const std::set<std::string> names(dataset.class_names.begin(), dataset.class_names.end());
  EXPECT_EQ(names.size(), dataset.class_names.size());
  EXPECT_GE(names.size(), 16u);
  std::vector<uint32_t> counts(dataset.class_count());
  for (const uint32_t label : dataset.train.labels) ++counts[label];
  const double expected = static_cast<double>(dataset.train.count()) / dataset.class_count();
  for (const uint32_t count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected));
}

// Softmax regression by plain gradient descent. w [785, classes], the last row is the bias.
class LinearClassifier {
 public:
  explicit LinearClassifier(uint32_t classes) : classes_(classes), w_(size_t{785} * classes) {}

  std::vector<float> logits(std::span<const float> x) const {
    std::vector<float> out(w_.end() - static_cast<std::ptrdiff_t>(classes_), w_.end());
    for (size_t k = 0; k < x.size(); ++k) {
      for (size_t c = 0; c < classes_; ++c) out[c] += x[k] * w_[k * classes_ + c];
    }
    return out;
  }

  void descend(std::span<const float> x, uint32_t label, float rate) {
    std::vector<float> slope = logits(x);
    const float highest = *std::max_element(slope.begin(), slope.end());
    float sum = 0;
    for (float& value : slope) sum += value = std::exp(value - highest);
    for (float& value : slope) value *= rate / sum;
    slope[label] -= rate;
    for (size_t k = 0; k < x.size(); ++k) {
      for (size_t c = 0; c < classes_; ++c) w_[k * classes_ + c] -= x[k] * slope[c];
    }
    for (size_t c = 0; c < classes_; ++c) w_[w_.size() - classes_ + c] -= slope[c];
  }

 private:
  size_t classes_;
  std::vector<float> w_;
};

TEST(DataGlyphs, ALinearClassifierStaysBelow85Percent) {
  const Dataset dataset = make_glyphs();
  const PixelTable table(dataset, Normalization::standard);
  const auto sample = [&](const Split& split, uint32_t index, std::vector<float>& x) {
    place_image(std::span(split.pixels).subspan(index * size_t{784}, 784), dataset.image, table, {}, x);
  };
  LinearClassifier classifier(dataset.class_count());
  std::vector<float> x(784);
  constexpr int kEpochs = 6;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const float rate = 1e-3f * static_cast<float>(kEpochs - epoch) / kEpochs;
    for (const uint32_t index : epoch_order(1, static_cast<uint64_t>(epoch), dataset.train.count())) {
      sample(dataset.train, index, x);
      classifier.descend(x, dataset.train.labels[index], rate);
    }
  }
  uint32_t right = 0;
  for (uint32_t index = 0; index < dataset.test.count(); ++index) {
    sample(dataset.test, index, x);
    const std::vector<float> logits = classifier.logits(x);
    right += std::max_element(logits.begin(), logits.end()) - logits.begin() == dataset.test.labels[index];
  }
  const double accuracy = static_cast<double>(right) / dataset.test.count();
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_LT(accuracy, 0.85);
  EXPECT_GT(accuracy, 0.40);  // ten times chance: the classifier has learned what it can
}

}  // namespace
}  // namespace lowtide::trainer
