// SPDX-License-Identifier: Apache-2.0
// Training graphs and their programs for three stored devices against the files in tests/golden: a small network as
// whole dumps, larger ones as counts and digests. A refactoring leaves them as they are; a change that means to alter
// them runs with LOWTIDE_UPDATE_GOLDEN=1 and shows the difference in its commit.
#include "tests/host/golden.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/file.hpp"
#include "engine/graph/dump.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/dump.hpp"
#include "engine/plan/plan.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide {
namespace golden {

void compare(const std::string& name, const std::string& found) {
  if (is_updating()) {
    ASSERT_TRUE(write_file_atomically(path_of(name), found).has_value());
    return;
  }
  const auto wanted = read_text(path_of(name));
  ASSERT_TRUE(wanted.has_value()) << wanted.error().to_string();
  size_t line = 1, i = 0;
  while (i < std::min(found.size(), wanted->size()) && found[i] == (*wanted)[i]) line += found[i++] == '\n' ? 1 : 0;
  EXPECT_TRUE(found == *wanted) << name << " differs from line " << line << " on: expected '"
                                << wanted->substr(std::min(i, wanted->size()), 80) << "', found '"
                                << found.substr(std::min(i, found.size()), 80) << "'";
}

}  // namespace golden

namespace {

struct Device {
  const char* name;
  DeviceCaps caps;
};

std::vector<Device> devices() {
  return {{"floor", floor_caps()}, {"software", software_caps()}, {"data_centre", data_centre_caps()}};
}

trainer::TrainGraph make_graph(const std::vector<std::string>& changes, const trainer::NetInput& input) {
  const auto recipe = trainer::parse_recipe("name = \"golden\"", "golden", changes);
  EXPECT_TRUE(recipe.has_value()) << recipe.error().to_string();
  auto train = trainer::make_train_graph(recipe->phases[0], input);
  EXPECT_TRUE(train.has_value()) << train.error().to_string();
  return std::move(*train);
}

trainer::TrainGraph make_lenet5() {
  return make_graph(
      {"network.name=lenet5", "quantization.weight_bits=2", "quantization.activation_bits=2", "optimizer.name=adam"},
      {.batch = 16, .height = 28, .width = 28, .channels = 1, .classes = 10});
}

TEST(Golden, TrainingGraphOfLenet5) {
  golden::compare("lenet5_w2a2_train.graph.txt", graph::dump(make_lenet5().graph));
}

TEST(Golden, ProgramsOfLenet5) {
  const trainer::TrainGraph train = make_lenet5();
  for (const Device& device : devices()) {
    const auto program = plan::make_program(train.graph, {.caps = device.caps});
    ASSERT_TRUE(program.has_value()) << program.error().to_string();
    golden::compare(std::string("lenet5_w2a2_train.") + device.name + ".txt", plan::dump(*program));
  }
}

std::string lines_of(const std::map<std::string, uint32_t>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) out += fmt::format("  {:4} {}\n", count, name);
  return out;
}

// Counts, so that a difference says what changed, and a digest of the whole dump, so that none goes unseen.
std::string summary(const graph::Graph& graph) {
  std::map<std::string, uint32_t> ops;
  for (const graph::Node& node : graph.nodes()) ++ops[std::string(node.op->name)];
  return fmt::format("graph: {} values, {} nodes, digest {:016x}\n{}", graph.values().size(), graph.nodes().size(),
                     golden::digest(graph::dump(graph)), lines_of(ops));
}

std::string summary(const char* device, const plan::Program& program) {
  std::map<std::string, uint32_t> kernels;
  for (const Dispatch& dispatch : program.dispatches) ++kernels[std::string(kernel_info(dispatch.kernel).name)];
  std::string out =
      fmt::format("program for {}: {} dispatches, {} barriers, digest {:016x}\n", device, program.dispatches.size(),
                  program.barriers.size(), golden::digest(plan::dump(program)));
  for (uint32_t i = 0; i < plan::kArenaCount; ++i) {
    if (program.arena_bytes[i] == 0) continue;
    out += fmt::format("  {} bytes {}\n", program.arena_bytes[i], plan::arena_name(static_cast<plan::Arena>(i)));
  }
  return out + lines_of(kernels);
}

void compare_summary(const std::string& name, const trainer::TrainGraph& train) {
  std::string text = summary(train.graph);
  for (const Device& device : devices()) {
    const auto program = plan::make_program(train.graph, {.caps = device.caps});
    ASSERT_TRUE(program.has_value()) << program.error().to_string();
    text += summary(device.name, *program);
  }
  golden::compare(name, text);
}

constexpr trainer::NetInput kCifar = {.batch = 100, .height = 32, .width = 32, .channels = 3, .classes = 10};

TEST(Golden, SummaryOfCnv1W1A) {
  compare_summary("cnv_w1a1_train.summary.txt",
                  make_graph({"network.name=cnv", "quantization.weight_bits=1", "quantization.activation_bits=1",
                              "quantization.weight_quantizer=sign", "quantization.activation_quantizer=sign",
                              "optimizer.name=adam", "optimizer.latent_clip=1"},
                             kCifar));
}

TEST(Golden, SummaryOfResnet20With2W2A) {
  compare_summary("resnet20_w2a2_train.summary.txt",
                  make_graph({"network.name=resnet20", "quantization.weight_bits=2", "quantization.activation_bits=2",
                              "optimizer.name=sgd", "optimizer.weight_decay=0.0001"},
                             kCifar));
}

}  // namespace
}  // namespace lowtide
