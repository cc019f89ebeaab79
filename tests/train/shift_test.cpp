// SPDX-License-Identifier: Apache-2.0
// Networks of S3 and DeepShift on a device: they go on where they stopped, and ordinary weights are no latents.
#include <gtest/gtest.h>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

TEST(Shift, LatentsAreNotHandedOverFromWeights) {
  Recipe recipe = small_recipe({"training.epochs=1", "quantization.weight_bits=fp32"});
  recipe.phases.push_back(recipe.phases[0]);
  recipe.phases[1].name = "shift";
  recipe.phases[1].initialize_from = "previous";
  recipe.phases[1].quantization.weight_bits = 3;
  recipe.phases[1].quantization.weight_quantizer = WeightQuantizer::sparse_shift;
  const auto refused = run_training(harness::test_context(), small_run(recipe, fresh_folder("shift_refused")));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().to_string().find("conv2.latents"), std::string::npos) << refused.error().to_string();
  // DeepShift-Q goes on with them.
  recipe.phases[1].quantization.weight_quantizer = WeightQuantizer::deepshift_q;
  const auto taken = run_training(harness::test_context(), small_run(recipe, fresh_folder("shift_taken")));
  EXPECT_TRUE(taken) << taken.error().to_string();
}

}  // namespace
}  // namespace lowtide::trainer
