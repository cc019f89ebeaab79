// SPDX-License-Identifier: Apache-2.0
// Data sets by name, parts of splits, and the public sets where their files are at hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "data_files.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {
namespace {

std::string error_of(std::string_view name, const std::filesystem::path& root) {
  const Result<Dataset> dataset = open_dataset(name, root);
  return dataset ? std::string("no error") : dataset.error().text;
}

TEST(DataSet, UnknownNamesGetTheNearest) {
  const std::string text = error_of("cifar-10", {});
  EXPECT_NE(text.find("unknown data set \"cifar-10\"; the nearest known one is cifar10"), std::string::npos) << text;
  EXPECT_NE(text.find("folder:<path>"), std::string::npos);
}

TEST(DataSet, MissingFilesSayWhereTheyWereLookedFor) {
  TemporaryFolder folder;
  for (const char* name : {"mnist", "fashion-mnist", "cifar10", "cifar100"}) {
    EXPECT_NE(error_of(name, {}).find("set LOWTIDE_DATA or --data"), std::string::npos) << error_of(name, {});
    const std::string text = error_of(name, folder.path());
    EXPECT_NE(text.find(folder.path().string()), std::string::npos) << text;
    EXPECT_NE(text.find("tools/get_data"), std::string::npos) << text;
  }
  folder.write("mnist/readme", {'x'});
  EXPECT_NE(error_of("mnist", folder.path()).find("train-images-idx3-ubyte.gz"), std::string::npos);
}

TEST(DataSet, RootComesFromTheArgumentThenTheEnvironment) {
  const char* before = std::getenv("LOWTIDE_DATA");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("LOWTIDE_DATA", "from_environment", 1);
  EXPECT_EQ(data_root("argument"), "argument");
  EXPECT_EQ(data_root({}), "from_environment");
  ::unsetenv("LOWTIDE_DATA");
  EXPECT_EQ(data_root({}), "");
  if (before != nullptr) ::setenv("LOWTIDE_DATA", kept.c_str(), 1);
}

Dataset numbered(uint32_t count) {
  Dataset dataset;
  dataset.image = {1, 2, 1};
  dataset.class_names = {"a"};
  for (uint32_t i = 0; i < count; ++i) {
    dataset.train.labels.push_back(i);
    dataset.train.pixels.insert(dataset.train.pixels.end(), {static_cast<uint8_t>(i), static_cast<uint8_t>(100 + i)});
  }
  return dataset;
}

TEST(DataSet, LimitsTakeEvenlySpreadImages) {
  Dataset dataset = numbered(10);
  limit_split(dataset.train, dataset.image, 0);
  limit_split(dataset.train, dataset.image, 11);
  EXPECT_EQ(dataset.train.count(), 10u);
  limit_split(dataset.train, dataset.image, 4);
  EXPECT_EQ(dataset.train.labels, (std::vector<uint32_t>{0, 2, 5, 7}));
  EXPECT_EQ(dataset.train.pixels, (Bytes{0, 100, 2, 102, 5, 105, 7, 107}));
}

TEST(DataSet, ValidationIsHeldOutOfTraining) {
  Dataset dataset = numbered(10);
  hold_out_validation(dataset, 0);
  EXPECT_EQ(dataset.train.count(), 10u);
  hold_out_validation(dataset, 0.3);
  EXPECT_EQ(dataset.test.labels, (std::vector<uint32_t>{0, 3, 6}));
  EXPECT_EQ(dataset.train.labels, (std::vector<uint32_t>{1, 2, 4, 5, 7, 8, 9}));
  EXPECT_EQ(dataset.test.pixels, (Bytes{0, 100, 3, 103, 6, 106}));
  EXPECT_EQ(dataset.train.pixels.size(), 14u);
}

TEST(DataSet, ChannelsAreMeasuredExactly) {
  Dataset dataset = numbered(0);
  dataset.image = {1, 2, 2};
  dataset.train.pixels = {0, 10, 255, 10};
  dataset.train.labels = {0};
  measure_channels(dataset);
  EXPECT_FLOAT_EQ(dataset.mean[0], 0.5f);
  EXPECT_FLOAT_EQ(dataset.deviation[0], 0.5f);
  EXPECT_FLOAT_EQ(dataset.mean[1], 10.0f / 255.0f);
  EXPECT_GT(dataset.deviation[1], 0.0f);  // never 0: it divides
}

struct PublicSet {
  const char* name;
  const char* folder;
  uint32_t train;
  uint32_t classes;
  float tolerance;  // of the constants against the data
};

// The known constants against the files themselves, and the balance of the test set.
TEST(DataSet, PublicSetsMatchTheirConstants) {
  const std::filesystem::path root = data_root({});
  const PublicSet sets[] = {{"mnist", "mnist", 60000, 10, 1e-3f},
                            {"fashion-mnist", "fashion-mnist", 60000, 10, 1e-3f},
                            {"cifar10", "cifar-10-batches-bin", 50000, 10, 1e-3f},
                            {"cifar100", "cifar-100-binary", 50000, 100, 1e-3f}};
  uint32_t opened = 0;
  for (const PublicSet& set : sets) {
    if (root.empty() || !std::filesystem::is_directory(root / set.folder)) continue;
    ++opened;
    Result<Dataset> dataset = open_dataset(set.name, root);
    ASSERT_TRUE(dataset) << dataset.error().text;
    EXPECT_EQ(dataset->train.count(), set.train);
    EXPECT_EQ(dataset->test.count(), 10000u);
    EXPECT_EQ(dataset->class_count(), set.classes);
    EXPECT_EQ(dataset->train.pixels.size(), set.train * dataset->image.bytes());
    const std::vector<float> mean = dataset->mean;
    const std::vector<float> deviation = dataset->deviation;
    measure_channels(*dataset);
    for (size_t c = 0; c < mean.size(); ++c) {
      EXPECT_NEAR(mean[c], dataset->mean[c], set.tolerance) << set.name;
      EXPECT_NEAR(deviation[c], dataset->deviation[c], set.tolerance) << set.name;
    }
    std::vector<uint32_t> counts(set.classes);
    for (const uint32_t label : dataset->train.labels) ++counts[label];
    if (set.train == 50000) {
      EXPECT_EQ(counts, std::vector<uint32_t>(set.classes, set.train / set.classes));
    }
  }
  if (opened == 0) GTEST_SKIP() << "no public data set: LOWTIDE_DATA names no folder that holds one (tools/get_data)";
}

}  // namespace
}  // namespace lowtide::trainer
