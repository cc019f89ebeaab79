// SPDX-License-Identifier: Apache-2.0
// Recipes: every shipped one reads, what was read can be written and read again, and each kind of mistake is answered
// by a sentence that names the key, the line and the way out.
#include "trainer/recipe.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/file.hpp"
#include "trainer/edit_distance.hpp"
#include "trainer/methods/loss_scaling.hpp"

namespace lowtide::trainer {
namespace {

std::vector<std::filesystem::path> shipped_recipes() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(LOWTIDE_SOURCE_DIR "/samples/recipes")) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string error_of(std::string_view text, std::vector<std::string> overrides = {}) {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml", overrides);
  return recipe ? std::string("no error") : recipe.error().to_string();
}

Recipe read_ok(std::string_view text, std::vector<std::string> overrides = {}) {
  const Result<Recipe> recipe = parse_recipe(text, "r.toml", overrides);
  if (recipe) return *recipe;
  ADD_FAILURE() << recipe.error().to_string();
  return {};
}

TEST(Recipe, EveryShippedRecipeReadsAndRoundTrips) {
  const auto paths = shipped_recipes();
  ASSERT_GE(paths.size(), 6u);
  for (const auto& path : paths) {
    const Result<Recipe> recipe = read_recipe(path);
    ASSERT_TRUE(recipe) << recipe.error().to_string();
    EXPECT_EQ(recipe->name, path.stem().string());
    const std::string text = recipe_text(*recipe);
    const Result<Recipe> again = parse_recipe(text, "written");
    ASSERT_TRUE(again) << again.error().to_string() << "\n" << text;
    EXPECT_EQ(*again, *recipe) << text;
  }
}

// The comment that a recipe opens with says how it is run.
TEST(Recipe, EveryShippedRecipeSaysItsCommand) {
  for (const auto& path : shipped_recipes()) {
    const Result<std::string> text = read_text(path, 1 << 20);
    ASSERT_TRUE(text) << text.error().to_string();
    const std::string head = text->substr(0, text->find("\nname = "));
    const std::string file = "samples/recipes/" + path.filename().string();
    EXPECT_NE(head.find("lowtide train " + file) & head.find("lowtide export " + file), std::string::npos) << path;
  }
}

TEST(Recipe, FashionTwinsDifferInPrecisionOnly) {
  const std::string folder = LOWTIDE_SOURCE_DIR "/samples/recipes/";
  const Result<Recipe> low = read_recipe(folder + "fashion_mnist_w2a2.toml");
  const Result<Recipe> full = read_recipe(folder + "fashion_mnist_fp32.toml");
  ASSERT_TRUE(low && full);
  EXPECT_EQ(low->phases[0].quantization.weight_bits, 2u);
  EXPECT_EQ(full->phases[0].quantization.weight_bits, kFloatBits);
  Recipe twin = *low;
  twin.name = full->name;
  twin.phases[0].quantization = full->phases[0].quantization;
  EXPECT_EQ(twin, *full);
}

TEST(Recipe, EmptyTextIsTheDefaults) {
  const Recipe defaults;
  EXPECT_EQ(read_ok(""), defaults);
}

TEST(Recipe, ReadsEverySection) {
  const Recipe r = read_ok(R"(
name = "all"
seed = 18446744073709551
[data]
set = "cifar10"
normalize = "unit"
flip = true
[network]
name = "resnet20"
width = 2
[quantization]
weight_bits = 4
activation_bits = "fp32"
first_layer = 8
image_bits = 8
[[quantization.layers]]
pattern = "stage2.*"
weight_bits = 2
weight_quantizer = "dorefa_detached"
[optimizer]
name = "sgd"
nesterov = true
weight_decay_exclude = []
[schedule]
name = "step"
milestones = [3, 7]
[training]
epochs = 9
nan_policy = "skip"
)");
  EXPECT_EQ(r.seed, 18446744073709551u);
  EXPECT_EQ(r.data.normalize, Normalization::unit);
  EXPECT_EQ(r.phases.front().quantization.image_bits, 8u);
  EXPECT_TRUE(r.data.flip);
  ASSERT_EQ(r.phases.size(), 1u);
  const Phase& p = r.phases[0];
  EXPECT_EQ(p.initialize_from, "fresh");
  EXPECT_EQ(p.network.name, "resnet20");
  EXPECT_EQ(p.network.width, 2.0);
  EXPECT_EQ(p.quantization.weight_bits, 4u);
  EXPECT_EQ(p.quantization.activation_bits, kFloatBits);
  ASSERT_EQ(p.quantization.layers.size(), 1u);
  EXPECT_EQ(p.quantization.layers[0].weight_bits, 2u);
  EXPECT_EQ(p.quantization.layers[0].weight_quantizer, WeightQuantizer::dorefa_detached);
  EXPECT_FALSE(p.quantization.layers[0].activation_bits.has_value());
  EXPECT_TRUE(p.optimizer.nesterov);
  EXPECT_TRUE(p.optimizer.weight_decay_exclude.empty());
  EXPECT_EQ(p.schedule.milestones, (std::vector<uint32_t>{3, 7}));
  EXPECT_EQ(p.training.epochs, 9u);
  EXPECT_EQ(p.training.nan_policy, NanPolicy::skip);
}

TEST(Recipe, PhasesOverrideTheTopLevelKeyByKey) {
  const std::string text = R"(
[network]
name = "cnv"
[quantization]
weight_bits = 2
[schedule]
rate = 0.5
[[phase]]
name = "weights"
[phase.training]
epochs = 4
[[phase]]
[phase.quantization]
activation_bits = 2
[[phase.quantization.layers]]
pattern = "a\"b\\c"
activation_bits = 8
[phase.schedule]
rate = 0.25
)";
  const Recipe r = read_ok(text);
  ASSERT_EQ(r.phases.size(), 2u);
  EXPECT_EQ(r.phases[0].name, "weights");
  EXPECT_EQ(r.phases[0].initialize_from, "fresh");
  EXPECT_EQ(r.phases[0].training.epochs, 4u);
  EXPECT_EQ(r.phases[0].quantization.activation_bits, kFloatBits);
  EXPECT_EQ(r.phases[1].name, "phase1");
  EXPECT_EQ(r.phases[1].initialize_from, "previous");
  EXPECT_EQ(r.phases[1].quantization.weight_bits, 2u);
  EXPECT_EQ(r.phases[1].quantization.activation_bits, 2u);
  EXPECT_EQ(r.phases[1].schedule.rate, 0.25);
  EXPECT_EQ(read_ok(recipe_text(r)), r) << recipe_text(r);

  const Recipe changed = read_ok(text, {"phase.1.schedule.rate=0.125", "schedule.gamma=0.3"});
  EXPECT_EQ(changed.phases[1].schedule.rate, 0.125);
  EXPECT_EQ(changed.phases[0].schedule.gamma, 0.3);
}

TEST(Recipe, OverridesAreTomlValuesOrPlainText) {
  const Recipe r =
      read_ok("[data]\nbatch = 8\n",
              {"data.batch=16", "data.set=folder:/a b/c", "quantization.weight_bits=fp32", "schedule.milestones=[1, 2]",
               "data.flip=true", "name=x", "optimizer.weight_decay=1e-4", "training.loss=\"mse\""});
  EXPECT_EQ(r.data.batch, 16u);
  EXPECT_EQ(r.data.set, "folder:/a b/c");
  EXPECT_EQ(r.phases[0].schedule.milestones, (std::vector<uint32_t>{1, 2}));
  EXPECT_TRUE(r.data.flip);
  EXPECT_EQ(r.name, "x");
  EXPECT_EQ(r.phases[0].optimizer.weight_decay, 1e-4);
  EXPECT_EQ(r.phases[0].training.loss, LossKind::mse);
}

TEST(Recipe, UnknownKeysNameTheNearestAndTheLine) {
  EXPECT_EQ(error_of("[optimizer]\nmomentun = 0.9\n"),
            "r.toml line 2: unknown key optimizer.momentun; the nearest known key is optimizer.momentum");
  EXPECT_EQ(error_of("\nepochs = 3\n"), "r.toml line 2: unknown key epochs; the nearest known key is training.epochs");
  EXPECT_EQ(error_of("[optimiser]\n"),
            "r.toml line 1: unknown section optimiser; the nearest known section is optimizer");
  EXPECT_EQ(error_of("", {"data.bacth=1"}), "--set: unknown key data.bacth; the nearest known key is data.batch");
  EXPECT_EQ(error_of("[[phase]]\n[phase.network]\nwidht = 1\n"),
            "r.toml line 3: unknown key phase.network.widht; the nearest known key is phase.network.width");
}

TEST(Recipe, AllMistakesAreReportedTogether) {
  const std::string error = error_of("sed = 1\n[data]\nbatch = 0\nflip = 1\n");
  EXPECT_NE(error.find("r.toml has 3 mistakes"), std::string::npos) << error;
  EXPECT_NE(error.find("line 3: data.batch: expected a whole number from 1 to 65536, found 0"), std::string::npos)
      << error;
  EXPECT_NE(error.find("line 4: data.flip: expected true or false, found 1"), std::string::npos) << error;
  EXPECT_NE(error.find("line 1: unknown key sed; the nearest known key is seed"), std::string::npos) << error;
}

struct Mistake {
  const char* text;
  const char* expected;  // part of the sentence
};

TEST(Recipe, EachMistakeHasASentence) {
  const Mistake mistakes[] = {
      {"name = ", "r.toml line 1: not TOML"},
      {"[!]", "line 1: not TOML"},
      {"a.! = 1", "line 1: not TOML"},
      {"name = \"a\"\nname = \"b\"\n", "line 2: not TOML"},
      {"name = \"../up\"", "name names the run folder"},
      {"name = \"\"", "name names the run folder"},
      {"name = 3", "name: expected a string in quotes, found 3"},
      {"seed = -1", "seed: expected a whole number from 0 to"},
      {"seed = 1.5", "found 1.5"},
      {"data = 3", "expected a table, written [data], found 3"},
      {"phase = 3", "expected tables, each written [[phase]], found 3"},
      {"[quantization]\nlayers = [1]", "expected tables, each written [[quantization.layers]], found a list"},
      {"[data]\nbatch = \"many\"", "line 2: data.batch: expected a whole number from 1 to 65536, found \"many\""},
      {"[data]\nbatch = 99999999999", "found 99999999999"},
      {"[data]\nvalidation = nan", "expected a number from 0 to 0.9, found nan"},
      {"[network]\nwidth = inf", "found inf"},
      {"[network]\nwidth = 1979-05-27", "found a date or time"},
      {"[quantization]\nweight_bits = 9",
       "expected bits: 1 to 8, 16 (which only trains), or 32 or \"fp32\" for full precision, found 9"},
      {"[quantization]\nweight_bits = 0", "found 0"},
      {"[quantization]\nweight_bits = \"fp16\"", "found \"fp16\""},
      {"[quantization]\nweight_quantizer = \"xnor\"", "expected one of \"dorefa\", \"dorefa_detached\", \"sign\""},
      {"[quantization]\nweight_quantizer = \"sign\"\nweight_bits = 2", "has 1 bit, but weight_bits is 2"},
      {"[quantization]\nactivation_quantizer = \"none\"\nactivation_bits = 2", "activation_bits is 2"},
      {"[[quantization.layers]]\nweight_bits = 2", "layers entry 0: pattern is missing"},
      {"[[quantization.layers]]\npattern = \"a\"\nactivation_quantizer = \"sign\"\nactivation_bits = 3",
       "activation_bits is 3"},
      {"[optimizer]\nnesterov = true", "optimizer.nesterov needs name = \"sgd\""},
      {"[optimizer]\nweight_decay_exclude = [1]", "expected a string in quotes, found 1"},
      {"[optimizer]\nweight_decay_exclude = \"bias\"", "expected a list of strings in [ ], found \"bias\""},
      {"[optimizer]\nweight_decay_exclude = [\"\"]", "empty word"},
      {"[schedule]\nmilestones = [5, 5]", "milestones must rise"},
      {"[schedule]\nname = \"step\"", "needs milestones"},
      {"[schedule]\nwarmup_epochs = 11", "longer than the 10 epochs"},
      {"[schedule]\nname = \"cosine\"\nfinal_rate = 0.1", "above schedule.rate"},
      {"[training]\nloss = \"mse\"\nlabel_smoothing = 0.1", "label_smoothing belongs to"},
      {"[[phase]]\ninitialize_from = \"previous\"", "the first phase has none before it"},
      {"[quantization]\nweight_quantizer = \"syq\"\nweight_bits = 3", "has 1 or 2 bits"},
      {"[[phase]]\ninitialize_from = \"continue\"", "the first phase has none before it"},
      {"[[phase]]\n[[phase]]\ninitialize_from = \"continue\"\n[phase.network]\nname = \"lenet5\"", "keeps the network"},
      {"[[phase]]\n[[phase]]\ninitialize_from = \"continue\"\n[phase.optimizer]\nname = \"sgd\"", "moments"},
      {"[training]\nepochs = 5\n[schedule]\nfirst_epoch = 4\ntotal_epochs = 8", "beyond schedule.total_epochs"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string error = error_of(mistake.text);
    EXPECT_NE(error.find(mistake.expected), std::string::npos) << mistake.text << "\n -> " << error;
  }
}

TEST(Recipe, MagnitudesAndSignedLevelsAreRefused) {
  const std::string magnitude = "[network]\nactivation = \"magnitude\"\n";
  EXPECT_TRUE(parse_recipe(magnitude, "t"));
  EXPECT_NE(error_of(magnitude + "[quantization]\nactivation_quantizer = \"sign\"\nactivation_bits = 1\n")
                .find("network.activation = \"magnitude\" is never negative"),
            std::string::npos);
  EXPECT_NE(error_of(magnitude + "[[quantization.layers]]\npattern = \"conv2\"\nactivation_quantizer = \"threshold\"\n")
                .find("have levels on both sides of 0"),
            std::string::npos);
}

TEST(Recipe, MixedPrecisionScalesLossesDynamicallyWhereItCan) {
  const auto phase_of = [](const std::string& text) { return parse_recipe(text, "t").value().phases[0]; };
  EXPECT_EQ(loss_scaling_of(phase_of("")), LossScaling::fixed);
  EXPECT_EQ(loss_scale_of(phase_of("")), 1.0);
  const std::string mixed = "[training]\nprecision = \"mixed\"\n";
  EXPECT_EQ(loss_scaling_of(phase_of(mixed)), LossScaling::dynamic);
  EXPECT_EQ(loss_scale_of(phase_of(mixed)), 65536.0);
  EXPECT_EQ(loss_scale_of(phase_of(mixed + "loss_scaling = \"fixed\"\n")), 1024.0);
  const std::string shift = "[quantization]\nweight_quantizer = \"sparse_shift\"\nweight_bits = 3\n";
  EXPECT_EQ(loss_scaling_of(phase_of(mixed + shift)), LossScaling::fixed);
  EXPECT_NE(
      error_of(mixed + "loss_scaling = \"dynamic\"\n" + shift).find("sparse_shift.dense_regularizer adds a force"),
      std::string::npos);
  EXPECT_EQ(loss_scaling_of(phase_of(mixed + shift + "[sparse_shift]\ndense_regularizer = 0\n")), LossScaling::dynamic);
}

TEST(Recipe, BadOverridesHaveASentence) {
  EXPECT_NE(error_of("", {"training.epochs"}).find("expected section.key=value"), std::string::npos);
  EXPECT_NE(error_of("", {"=3"}).find("expected section.key=value"), std::string::npos);
  EXPECT_NE(error_of("", {"data.=3"}).find("must lead to one value"), std::string::npos);
  EXPECT_NE(error_of("seed = 1\n", {"seed.x=3"}).find("must lead to one value"), std::string::npos);
  EXPECT_NE(error_of("[[phase]]\n", {"phase.7.name=x"}).find("there is no \"7\""), std::string::npos);
  EXPECT_NE(error_of("", {"name=\xff"}).find("neither TOML nor plain UTF-8"), std::string::npos);
  EXPECT_NE(error_of("", {"data.batch=1\nflip = true"}).find("--set: data.batch"), std::string::npos);
}

TEST(Recipe, MissingAndOversizedFilesAreErrors) {
  const Result<Recipe> missing = read_recipe("no/such/recipe.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().text.find("no/such/recipe.toml"), std::string::npos);
}

TEST(Recipe, KeysAreListedOnce) {
  std::vector<std::string> keys = recipe_keys();
  EXPECT_NE(std::find(keys.begin(), keys.end(), "quantization.layers.pattern"), keys.end());
  EXPECT_NE(std::find(keys.begin(), keys.end(), "phase.optimizer.beta2"), keys.end());
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(Recipe, LayerPrecisionFollowsPositionAndPattern) {
  QuantizationOptions q;
  q.weight_bits = 1;
  q.activation_bits = 1;
  q.weight_quantizer = WeightQuantizer::sign;
  q.activation_quantizer = ActivationQuantizer::sign;
  q.last_layer = 8;
  q.layers = {{.pattern = "block?.*", .weight_bits = 4, .weight_quantizer = WeightQuantizer::dorefa},
              {.pattern = "*.conv2", .activation_bits = kFloatBits}};
  const auto at = [&](std::string_view name, LayerPosition position) { return layer_precision(q, name, position); };
  EXPECT_EQ(at("stem", LayerPosition::first).weight_bits, kFloatBits);
  EXPECT_EQ(at("stem", LayerPosition::first).activation_bits, kFloatBits);
  EXPECT_EQ(at("conv3", LayerPosition::inner),
            (LayerPrecision{1, 1, WeightQuantizer::sign, ActivationQuantizer::sign}));
  EXPECT_EQ(at("fc", LayerPosition::last),
            (LayerPrecision{8, 8, WeightQuantizer::dorefa, ActivationQuantizer::dorefa}));
  EXPECT_EQ(at("block1.conv1", LayerPosition::inner),
            (LayerPrecision{4, 1, WeightQuantizer::dorefa, ActivationQuantizer::sign}));
  EXPECT_EQ(at("block1.conv2", LayerPosition::inner),
            (LayerPrecision{4, kFloatBits, WeightQuantizer::dorefa, ActivationQuantizer::sign}));
  EXPECT_EQ(at("block12.conv1", LayerPosition::inner).weight_bits, 1u);
  q.layers.push_back({.pattern = "block12.*", .clip_window = 1.5});
  EXPECT_EQ(at("block12.conv1", LayerPosition::inner).clip_window, 1.5);
  EXPECT_EQ(at("conv3", LayerPosition::inner).clip_window, 1.0);
  // First and last layer are in full precision where nobody says otherwise.
  const QuantizationOptions two = {.weight_bits = 2, .activation_bits = 2};
  EXPECT_EQ(layer_precision(two, "conv1", LayerPosition::first), LayerPrecision{});
  EXPECT_EQ(layer_precision(two, "fc", LayerPosition::last), LayerPrecision{});
}

TEST(Recipe, StagesSwitchASideOffInEveryLayer) {
  QuantizationOptions q = {.weight_bits = 2, .activation_bits = 3, .first_layer = 8, .last_layer = 8};
  q.layers = {{.pattern = "conv2", .weight_bits = 4, .activation_bits = 4}};
  const auto at = [&](std::string_view name, LayerPosition position) { return layer_precision(q, name, position); };
  q.weights = WeightStage::full_precision;
  for (const auto& [name, position] :
       {std::pair{"conv1", LayerPosition::first}, {"conv2", LayerPosition::inner}, {"fc", LayerPosition::last}}) {
    EXPECT_EQ(at(name, position).weight_bits, kFloatBits) << name;
  }
  EXPECT_EQ(at("conv2", LayerPosition::inner).activation_bits, 4u);
  EXPECT_FALSE(at("conv2", LayerPosition::inner).is_clipped);
  q.weights = WeightStage::quantized;
  q.activations = ActivationStage::full_precision;
  EXPECT_EQ(at("fc", LayerPosition::last).activation_bits, kFloatBits);
  EXPECT_EQ(at("fc", LayerPosition::last).weight_bits, 8u);
  EXPECT_FALSE(at("fc", LayerPosition::last).is_clipped);
}

TEST(EditDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("batch", "bacth"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  const std::vector<std::string> names = {"cnv", "lenet5", "resnet20"};
  EXPECT_EQ(nearest_name("lenet", names), "lenet5");
  EXPECT_EQ(nearest_name("x", {}), "");
}

// Found by tests/fuzz: letters that the TOML library takes for impossible where a space could stand.
TEST(Recipe, LettersWhereSpacesCouldStandAreNoToml) {
  for (const char* text : {"\xc7\x99", "[training]\nepochs = 3 \xc7\x99\n", "\xe2\x84\x80 = 1", "a\xc7\x99 = 1"}) {
    const auto recipe = parse_recipe(text, "letters");
    ASSERT_FALSE(recipe) << text;
    EXPECT_NE(recipe.error().text.find("not TOML"), std::string::npos) << recipe.error().text;
  }
}

}  // namespace
}  // namespace lowtide::trainer
