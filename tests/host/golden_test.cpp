// SPDX-License-Identifier: Apache-2.0
// Text dumps of a small network's training graph and of its programs for three stored devices, against the files in
// tests/golden. A refactoring leaves them as they are; a change that means to alter them runs with
// LOWTIDE_UPDATE_GOLDEN=1 and shows the difference in its commit.
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/base/file.hpp"
#include "engine/graph/dump.hpp"
#include "engine/plan/dump.hpp"
#include "engine/plan/plan.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide {
namespace {

void compare(const std::string& name, const std::string& found) {
  const std::filesystem::path path = std::filesystem::path(LOWTIDE_SOURCE_DIR) / "tests" / "golden" / name;
  if (std::getenv("LOWTIDE_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, found).has_value());
    return;
  }
  const auto wanted = read_text(path);
  ASSERT_TRUE(wanted.has_value()) << wanted.error().to_string();
  size_t line = 1, i = 0;
  while (i < std::min(found.size(), wanted->size()) && found[i] == (*wanted)[i]) line += found[i++] == '\n' ? 1 : 0;
  EXPECT_TRUE(found == *wanted) << name << " differs from line " << line << " on: expected '"
                                << wanted->substr(std::min(i, wanted->size()), 80) << "', found '"
                                << found.substr(std::min(i, found.size()), 80) << "'";
}

trainer::TrainGraph make_graph() {
  const auto recipe = trainer::parse_recipe(R"(
name = "golden"
[data]
set = "mnist"
[network]
name = "lenet5"
[quantization]
weight_bits = 2
activation_bits = 2
[optimizer]
name = "adam"
)",
                                            "golden", {});
  EXPECT_TRUE(recipe.has_value());
  auto train = trainer::make_train_graph(recipe->phases[0],
                                         {.batch = 16, .height = 28, .width = 28, .channels = 1, .classes = 10});
  EXPECT_TRUE(train.has_value());
  return std::move(*train);
}

TEST(Golden, TrainingGraphOfLenet5) {
  compare("lenet5_w2a2_train.graph.txt", graph::dump(make_graph().graph));
}

TEST(Golden, ProgramsOfLenet5) {
  const trainer::TrainGraph train = make_graph();
  struct Device {
    const char* name;
    DeviceCaps caps;
  };
  for (const Device& device : {Device{"floor", floor_caps()}, Device{"software", software_caps()},
                               Device{"data_centre", data_centre_caps()}}) {
    const auto program = plan::make_program(train.graph, {.caps = device.caps});
    ASSERT_TRUE(program.has_value()) << program.error().to_string();
    compare(std::string("lenet5_w2a2_train.") + device.name + ".txt", plan::dump(*program));
  }
}

}  // namespace
}  // namespace lowtide
