// SPDX-License-Identifier: Apache-2.0
// Mixed precision trains as f32 does: nearly, where the device rounds factors to f16; bit for bit, where it does not,
// since a loss scale that is a power of two drops out exactly. Evaluation is f32 either way.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/ops/conv2d/lower_matrix.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

struct Steps {
  std::vector<double> losses, norms;
};

Steps steps_of(const std::string& name, const std::vector<std::string>& changes) {
  std::vector<std::string> all = {"network.width=2", "training.epochs=2", "training.log_every=1"};
  all.insert(all.end(), changes.begin(), changes.end());
  const RunFolder folder = fresh_folder(name);
  const auto result = run_training(harness::test_context(), small_run(small_recipe(all), folder));
  EXPECT_TRUE(result) << result.error().to_string();
  Steps steps;
  for (const nlohmann::json& line : metric_lines(folder, "step")) {
    steps.losses.push_back(line.at("loss"));
    steps.norms.push_back(line.at("gradient_norm"));
  }
  return steps;
}

TEST(MixedPrecision, StepsFollowThoseOfF32) {
  for (const std::vector<std::string>& bits :
       {std::vector<std::string>{}, {"quantization.weight_bits=fp32", "quantization.activation_bits=fp32"}}) {
    std::vector<std::string> mixed = bits;
    mixed.push_back("training.precision=mixed");
    const Steps wanted = steps_of("fp32", bits), found = steps_of("mixed", mixed);
    ASSERT_EQ(found.losses.size(), wanted.losses.size());
    ASSERT_GE(found.losses.size(), 20u);
    const bool rounds = ops::multiplies_matrices(harness::test_context().caps());
    EXPECT_EQ(found.losses != wanted.losses, rounds);
    // Later steps are apart by more than rounding: Adam's first updates are signs, and one flips with the smallest
    // error.
    EXPECT_NEAR(found.losses[0], wanted.losses[0], rounds ? 0.01 * wanted.losses[0] : 0.0);
    EXPECT_NEAR(found.norms[0], wanted.norms[0], rounds ? 0.02 * wanted.norms[0] : 0.0);
    EXPECT_LT(found.losses.back(), 0.8 * found.losses.front());
  }
}

}  // namespace
}  // namespace lowtide::trainer
