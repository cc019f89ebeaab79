// SPDX-License-Identifier: Apache-2.0
// Sizes of packed models: the network of every sample recipe, with levels of one as its weights, takes within 5 % of
// what its numbers need: its tensors, its file's data and the constants in device memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/model/layer_sizes.hpp"
#include "engine/plan/plan.hpp"
#include "tests/harness/folder_test.hpp"
#include "trainer/export/fold_and_pack.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {
namespace {

NetInput input_of(const Recipe& recipe) {
  const std::string& set = recipe.data.set;
  if (set.starts_with("folder:")) return {.batch = 1, .height = 224, .width = 224, .channels = 3, .classes = 1000};
  if (set.starts_with("svhn")) return {.batch = 1, .height = 40, .width = 40, .channels = 3, .classes = 10};
  if (set.starts_with("cifar")) return {.batch = 1, .height = 32, .width = 32, .channels = 3, .classes = 10};
  return {.batch = 1, .height = 28, .width = 28, .channels = 1, .classes = 10};
}

// The model of a recipe, written and read back. One is a level of every kind of weight.
Result<model::PackedModel> model_of(const Recipe& recipe, const std::filesystem::path& path) {
  const NetInput input = input_of(recipe);
  LOWTIDE_TRY(const EvalGraph eval, make_eval_graph(recipe.phases.back(), input));
  const auto ones = [&](ValueId id) { return std::vector<float>(eval.graph.desc(id).element_count(), 1.0f); };
  LOWTIDE_TRY(const PackedGraph packed, fold_and_pack(eval.graph, eval.images, eval.logits, ones));
  const model::ModelInfo info = {.network = recipe.phases.back().network.name,
                                 .height = input.height,
                                 .width = input.width,
                                 .channels = input.channels,
                                 .classes = input.classes,
                                 .mean = std::vector<float>(input.channels, 0.5f),
                                 .deviation = std::vector<float>(input.channels, 0.25f),
                                 .source = recipe.name};
  LOWTIDE_TRY_VOID(model::write_model(path, info, packed.graph, packed.constants, packed.coded));
  return model::PackedModel::open(path);
}

struct Bytes {
  uint64_t needed = 0, tensors = 0, data = 0;  // of the file
  uint64_t device_needed = 0, device = 0;      // where weights at rest are f32
};

Result<Bytes> bytes_of(const model::PackedModel& packed) {
  LOWTIDE_TRY(const std::vector<model::LayerSize> rows, model::layer_sizes(packed));
  Bytes bytes;
  for (const model::LayerSize& row : rows) {
    bytes.needed += row.needed_bytes();
    bytes.tensors += row.file_bytes;
  }
  bytes.data = model::data_bytes(packed.file());
  LOWTIDE_TRY(const graph::Graph graph, packed.make_graph(1));
  bytes.device_needed = bytes.needed;
  for (const auto& [name, codes] : packed.coded()) {
    const uint64_t elements = graph.desc(graph.find(name)).element_count();
    bytes.device_needed += 4 * elements - (elements * codes.bits + 7) / 8;
  }
  LOWTIDE_TRY(const plan::Program program, plan::make_program(graph, {.caps = software_caps()}));
  bytes.device = program.arena_bytes[static_cast<size_t>(plan::Arena::constant)];
  return bytes;
}

bool is_within_5_percent(uint64_t bytes, uint64_t needed) {
  return bytes >= needed && 100 * bytes <= 105 * needed;
}

using ModelSizes = harness::FolderTest;

TEST_F(ModelSizes, EverySampleNetworkIsWithin5Percent) {
  uint32_t packed_networks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LOWTIDE_SOURCE_DIR "/samples/recipes")) {
    SCOPED_TRACE(entry.path().stem().string());
    const auto recipe = read_recipe(entry.path());
    ASSERT_TRUE(recipe) << recipe.error().to_string();
    const auto packed = model_of(*recipe, folder_ / "model.safetensors");
    ASSERT_TRUE(packed) << packed.error().to_string();
    const auto bytes = bytes_of(*packed);
    ASSERT_TRUE(bytes) << bytes.error().to_string();
    EXPECT_TRUE(is_within_5_percent(bytes->tensors, bytes->needed)) << bytes->tensors << " of " << bytes->needed;
    EXPECT_TRUE(is_within_5_percent(bytes->data, bytes->needed)) << bytes->data << " of " << bytes->needed;
    EXPECT_TRUE(is_within_5_percent(bytes->device, bytes->device_needed))
        << bytes->device << " of " << bytes->device_needed;
    if (recipe->phases.back().quantization.weight_bits < 8) ++packed_networks;
  }
  EXPECT_GT(packed_networks, 20u);
}

}  // namespace
}  // namespace lowtide::trainer
