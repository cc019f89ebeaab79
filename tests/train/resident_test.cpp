// SPDX-License-Identifier: Apache-2.0
// Training images that stay on the device give the same run as batches from the host, byte for byte.
#include "trainer/loop/resident.hpp"

#include <gtest/gtest.h>

#include "engine/plan/plan.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

std::vector<NamedTensor> trained(const std::vector<std::string>& changes, const char* residency, const char* name) {
  std::vector<std::string> all = changes;
  all.push_back(std::string("data.resident=") + residency);
  const RunFolder folder = fresh_folder(std::string(name) + "_" + residency);
  uninterrupted(small_recipe(all), folder);
  auto checkpoint = load_checkpoint(folder.last());
  EXPECT_TRUE(checkpoint.has_value()) << checkpoint.error().to_string();
  return std::move(checkpoint->tensors);
}

void expect_same(const std::vector<std::string>& changes, const char* name) {
  SCOPED_TRACE(name);
  const std::vector<NamedTensor> host = trained(changes, "never", name), device = trained(changes, "always", name);
  ASSERT_EQ(host.size(), device.size());
  ASSERT_FALSE(host.empty());
  for (size_t i = 0; i < host.size(); ++i) {
    EXPECT_EQ(host[i].name, device[i].name);
    EXPECT_TRUE(host[i].bytes == device[i].bytes) << host[i].name;
  }
}

TEST(Resident, ImagesOnTheDeviceTrainTheSameNetwork) {
  expect_same({"training.epochs=2"}, "plain");
  expect_same({"data.crop_padding=3", "data.flip=true", "data.normalize=symmetric", "training.epochs=2"}, "augmented");
  expect_same(with_steps("lsq", "2", "2", {"data.crop_padding=2", "training.epochs=1"}), "calibrated");
}

TEST(Resident, ResumesInTheMiddleOfAnEpoch) {
  expect_resumed_equals(small_recipe({"data.resident=always", "data.crop_padding=2", "training.epochs=2"}), "resident",
                        [](RunOptions& options) { options.should_stop = stop_at(23); });
}

TEST(Resident, StepIsToldPlacesAlone) {
  const Phase phase = small_recipe().phases.front();
  const NetInput input = {.batch = 8, .height = 32, .width = 32, .channels = 3, .classes = 10, .resident_images = 100};
  const auto train = make_train_graph(phase, input);
  ASSERT_TRUE(train) << train.error().to_string();
  const auto program = plan::make_program(train->graph, {.caps = harness::test_context().caps()});
  ASSERT_TRUE(program) << program.error().to_string();
  const uint64_t bytes = program->arena_bytes[static_cast<size_t>(plan::Arena::input)];
  EXPECT_LE(bytes, 2 * plan::kPlacementAlignment);  // 8 places, 8 labels
}

TEST(Resident, KeepsWhatFitsAndSaysWhyNot) {
  Dataset dataset;
  dataset.name = "small";
  dataset.image = {2, 2, 1};
  dataset.train = {.pixels = std::vector<uint8_t>(40), .labels = std::vector<uint32_t>(10)};
  DeviceCaps caps = floor_caps();
  caps.device_memory_bytes = 160;
  DataOptions data;
  EXPECT_EQ(*resident_images(data, dataset, caps), 10u);
  data.resident = Residency::never;
  EXPECT_EQ(*resident_images(data, dataset, caps), 0u);
  const auto expect_refusal = [&](const char* why) {
    data.resident = Residency::automatic;
    EXPECT_EQ(*resident_images(data, dataset, caps), 0u) << why;
    data.resident = Residency::always;
    const auto refused = resident_images(data, dataset, caps);
    ASSERT_FALSE(refused) << why;
    EXPECT_NE(refused.error().text.find(why), std::string::npos) << refused.error().text;
  };
  caps.device_memory_bytes = 159;
  expect_refusal("40 bytes are more than the 39");
  caps.device_memory_bytes = 160;
  data.contrast = 0.5;
  expect_refusal("data.contrast");
  data.contrast = 0;
  dataset.train.pixels.clear();
  expect_refusal("decoded from files");
}

}  // namespace
}  // namespace lowtide::trainer
