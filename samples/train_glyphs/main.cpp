// SPDX-License-Identifier: Apache-2.0
// train_glyphs [FOLDER]: the smallest training run. A LeNet-5 with 2-bit weights and activations learns letters and
// digits that the library draws itself, so nothing is downloaded. FOLDER gets the recipe, the metrics and the
// checkpoints; `lowtide export` makes a packed model of it.
#include <cstdio>

#include "engine/verify/open_device.hpp"
#include "trainer/loop/run.hpp"
#include "trainer/recipe.hpp"

namespace {

using namespace lowtide;

constexpr const char* kRecipe = R"(
name = "train_glyphs"
seed = 1

[data]
set = "glyphs"
batch = 50
eval_batch = 50
train_limit = 3000
test_limit = 500

[network]
name = "lenet5"

[quantization]
weight_bits = 2
activation_bits = 2

[optimizer]
name = "adam"

[schedule]
name = "cosine"
rate = 0.003
final_rate = 0.0001

[training]
epochs = 2
)";

Result<trainer::RunSummary> train(const char* folder) {
  trainer::RunOptions options;
  LOWTIDE_TRY(options.recipe, trainer::parse_recipe(kRecipe, "the recipe of train_glyphs"));
  options.folder.path = folder;
  options.replace = true;
  LOWTIDE_TRY(const auto context, verify::open_device());
  std::printf("%s\n", context->banner().c_str());
  return trainer::run_training(*context, options);
}

}  // namespace

int main(int argc, char** argv) {
  const Result<trainer::RunSummary> summary = train(argc > 1 ? argv[1] : "runs/train_glyphs");
  if (!summary) {
    std::fprintf(stderr, "train_glyphs: %s\n", summary.error().to_string().c_str());
    return 1;
  }
  const double accuracy = summary->last.accuracy();
  std::printf("%.1f %% of %llu test images right\n", 100.0 * accuracy,
              static_cast<unsigned long long>(summary->last.images));
  return 0;
}
