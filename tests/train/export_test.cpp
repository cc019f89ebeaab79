// SPDX-License-Identifier: Apache-2.0
// Train, export, run packed: the packed model's logits equal the training graph's evaluation bit for bit, for every
// quantiser, for several bit widths, with pools, shortcuts and average pooling between packed layers. A changed
// threshold must be noticed.
#include <gtest/gtest.h>

#include "engine/infer/session.hpp"
#include "engine/model/packed_model.hpp"
#include "tests/harness/case_graph.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"

namespace lowtide::trainer {
namespace {

struct ExportCase {
  const char* name;
  std::vector<std::string> changes;
  size_t packed_layers;     // at least so many layers must really be packed
  size_t coded_layers = 0;  // so many must be f32 with weights that are codes in the file
};

void PrintTo(const ExportCase& c, std::ostream* out) {
  *out << c.name;
}

class Export : public testing::TestWithParam<ExportCase> {};

struct Exported {
  Recipe recipe;
  Dataset dataset;
  RunFolder folder;
  ExportReport report;
};

Result<Exported> train_and_export(const std::vector<std::string>& changes, const std::string& name) {
  Exported out = {.recipe = small_recipe(changes), .folder = fresh_folder(name)};
  runtime::Context& context = harness::test_context();
  LOWTIDE_TRY_VOID(run_training(context, small_run(out.recipe, out.folder)));
  LOWTIDE_TRY(out.dataset, open_recipe_data(out.recipe, {}));
  LOWTIDE_TRY(out.report, export_model(context, out.recipe, out.dataset, out.folder.last(), out.folder.model()));
  return out;
}

TEST_P(Export, PackedInferenceEqualsEvaluationBitForBit) {
  std::vector<std::string> changes = GetParam().changes;
  changes.push_back("training.epochs=1");
  const auto exported = train_and_export(changes, std::string("export_") + GetParam().name);
  ASSERT_TRUE(exported.has_value()) << exported.error().to_string();
  const auto parity = prove_parity(harness::test_context(), exported->recipe, exported->dataset,
                                   exported->folder.last(), exported->folder.model());
  ASSERT_TRUE(parity.has_value()) << parity.error().to_string();
  EXPECT_EQ(parity->images, exported->dataset.test.count());
  EXPECT_EQ(parity->different_predictions, 0u);
  EXPECT_EQ(parity->different_logits, 0u);
  size_t packed = 0, coded = 0;
  for (const PackedLayerReport& layer : exported->report.layers) {
    packed += layer.form.starts_with("packed") ? 1 : 0;
    const bool is_coded = layer.form.ends_with("coded weights");
    EXPECT_TRUE(!is_coded || layer.bytes <= layer.ideal_bytes + 4 * layer.weight_bits) << layer.name;
    coded += is_coded ? 1 : 0;
  }
  EXPECT_GE(packed, GetParam().packed_layers);
  EXPECT_EQ(coded, GetParam().coded_layers);
  // With a handful of channels most bits of a word are padding, so eight planes of it are no gain.
  if (exported->recipe.phases.back().quantization.weight_bits <= 2) {
    EXPECT_LT(exported->report.file_bytes, exported->report.float_bytes);
  }
}

// Thresholds for M-bit inputs and N-bit weights, the edges too, blended while training.
std::vector<std::string> minw(uint32_t inputs, uint32_t weights, std::vector<std::string> further = {}) {
  const std::string m = std::to_string(inputs), n = std::to_string(weights);
  std::vector<std::string> changes = {"quantization.weight_bits=" + n,
                                      "quantization.activation_bits=" + m,
                                      "quantization.first_layer=" + n,
                                      "quantization.last_layer=" + n,
                                      "quantization.layers=[{pattern = \"fc*\", activation_bits = " + m + "}]",
                                      "quantization.weight_quantizer=threshold",
                                      "quantization.activation_quantizer=threshold",
                                      "quantization.weight_estimator=aqe_g1",
                                      "quantization.activation_estimator=aqe_g1",
                                      "optimizer.latent_clip=1"};
  changes.insert(changes.end(), further.begin(), further.end());
  return changes;
}

std::vector<ExportCase> threshold_cases() {
  const std::vector<std::string> fixed = {"quantization.weight_threshold_rule=fixed",
                                          "quantization.activation_threshold_rule=fixed"};
  const std::vector<std::string> twn = {"quantization.weight_quantizer=twn", "quantization.weight_estimator=own"};
  const std::vector<std::string> few = {"data.train_limit=60", "data.test_limit=48"};
  std::vector<std::string> resnet = few, minw_d = few;
  resnet.push_back("network.name=resnet20");
  minw_d.insert(minw_d.end(), {"network.name=minw_d", "network.width=0.125"});
  // The first layer reads the image: its weights are codes in the file.
  return {{"m1n1", minw(1, 1), 4, 1},
          {"m2n2", minw(2, 2), 4, 1},
          {"m3n3", minw(3, 3), 4, 1},
          {"m1n3", minw(1, 3), 4, 1},
          {"m3n1", minw(3, 1), 4, 1},
          {"m2n3", minw(2, 3), 4, 1},
          {"m4n4", minw(4, 4), 4, 1},
          {"m32n3", minw(32, 3), 0, 5},
          {"m3n32", minw(3, 32), 0},
          {"m3n3_fixed", minw(3, 3, fixed), 4, 1},
          {"m2n2_twn", minw(2, 2, twn), 4, 1},
          {"m2n2_twn_rule", minw(2, 2, {"quantization.weight_threshold_rule=twn"}), 4, 1},
          {"m3n2_resnet20", minw(3, 2, resnet), 15, 1},
          {"m1n3_minw_d", minw(1, 3, minw_d), 8, 1}};
}

INSTANTIATE_TEST_SUITE_P(Thresholds, Export, testing::ValuesIn(threshold_cases()),
                         [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Shift, Export,
    testing::Values(
        ExportCase{"s3_w2a2", {"quantization.weight_quantizer=sparse_shift"}, 3},
        ExportCase{"s3_w3a2", {"quantization.weight_bits=3", "quantization.weight_quantizer=sparse_shift"}, 3},
        ExportCase{
            "s3_w4a2",
            {"quantization.weight_bits=4", "quantization.weight_quantizer=sparse_shift", "sparse_shift.start=released"},
            3},
        ExportCase{"s3_w3_fp32",
                   {"quantization.weight_bits=3", "quantization.activation_bits=fp32",
                    "quantization.weight_quantizer=sparse_shift"},
                   0,
                   3},
        ExportCase{"deepshift_ps_w4a2",
                   {"quantization.weight_bits=4", "quantization.weight_quantizer=deepshift_ps", "optimizer.name=radam"},
                   3},
        ExportCase{"deepshift_ps_w5_fp32",
                   {"quantization.weight_bits=5", "quantization.activation_bits=fp32",
                    "quantization.weight_quantizer=deepshift_ps"},
                   0,
                   3},
        ExportCase{"deepshift_q_w3a2", {"quantization.weight_bits=3", "quantization.weight_quantizer=deepshift_q"}, 3},
        // Sixteen levels do not fit a shift code: the layers multiply f32.
        ExportCase{
            "deepshift_q_w4a2", {"quantization.weight_bits=4", "quantization.weight_quantizer=deepshift_q"}, 0, 3}),
    [](const auto& test) { return std::string(test.param.name); });

// Low-bit weights, real activations: f32 layers whose weights are codes in the file.
std::vector<ExportCase> real_input_cases() {
  const auto weights = [](const char* quantizer, uint32_t bits, std::vector<std::string> further = {}) {
    further.push_back(std::string("quantization.weight_quantizer=") + quantizer);
    further.push_back("quantization.weight_bits=" + std::to_string(bits));
    further.push_back("quantization.activation_bits=fp32");
    return further;
  };
  return {{"s3_w2", weights("sparse_shift", 2), 0, 3},
          {"s3_w4", weights("sparse_shift", 4), 0, 3},
          {"deepshift_q_w3", weights("deepshift_q", 3), 0, 3},
          {"deepshift_q_w4", weights("deepshift_q", 4), 0, 3},
          {"deepshift_q_w5", weights("deepshift_q", 5), 0, 3},
          {"deepshift_ps_w3", weights("deepshift_ps", 3, {"optimizer.name=radam"}), 0, 3},
          {"dorefa_w2", weights("dorefa", 2), 0, 3},
          {"dorefa_w2_edges", weights("dorefa", 2, {"quantization.first_layer=8", "quantization.last_layer=8"}), 1, 4},
          {"sign_w1", weights("sign_channel", 1), 0, 3},
          {"twn_w2", weights("twn", 2), 0, 3},
          {"ternary_w2", weights("threshold", 2), 0, 3},
          {"syq_w2", weights("syq", 2), 0, 3},
          {"lsq_w2", weights("lsq", 2), 0, 3},
          {"lsq_w1", weights("lsq", 1), 0, 3},
          {"uniq_w4", weights("uniq", 4), 0, 3},
          {"clipped_w2", {"quantization.activations=clipped"}, 0, 3},
          {"s3_w3_resnet20",
           weights("sparse_shift", 3, {"network.name=resnet20", "data.train_limit=60", "data.test_limit=48"}), 0, 18}};
}

INSTANTIATE_TEST_SUITE_P(RealInputs, Export, testing::ValuesIn(real_input_cases()),
                         [](const auto& test) { return std::string(test.param.name); });

// The first layer multiplies pixels by low-bit weights.
std::vector<std::string> image8(const std::string& weights, const std::string& activations, const std::string& bits) {
  return {"data.normalize=unit",
          "quantization.image_bits=8",
          "quantization.first_layer=" + bits,
          "quantization.weight_bits=" + bits,
          "quantization.activation_bits=" + bits,
          "quantization.weight_quantizer=" + weights,
          "quantization.activation_quantizer=" + activations};
}

INSTANTIATE_TEST_SUITE_P(
    Precisions, Export,
    testing::Values(ExportCase{"w2a2", {}, 3},
                    ExportCase{"w1a1_sign",
                               {"quantization.weight_bits=1", "quantization.activation_bits=1",
                                "quantization.weight_quantizer=sign", "quantization.activation_quantizer=sign"},
                               3},
                    ExportCase{"w1a1_sign_channel",
                               {"quantization.weight_bits=1", "quantization.activation_bits=1",
                                "quantization.weight_quantizer=sign_channel", "quantization.activation_quantizer=sign"},
                               3},
                    ExportCase{"w1a2_dorefa", {"quantization.weight_bits=1"}, 3},
                    ExportCase{"w3a4_detached",
                               {"quantization.weight_bits=3", "quantization.activation_bits=4",
                                "quantization.weight_quantizer=dorefa_detached"},
                               3},
                    ExportCase{"w1a2_syq", {"quantization.weight_bits=1", "quantization.weight_quantizer=syq"}, 3},
                    ExportCase{"w2a2_syq", {"quantization.weight_quantizer=syq"}, 3},
                    ExportCase{"lsq_w2a2", with_steps("lsq", "2", "2"), 3},
                    ExportCase{"lsq_w3a3", with_steps("lsq", "3", "3"), 3},
                    ExportCase{"pact_w2a2", with_steps("pact", "2", "2"), 3},
                    ExportCase{"uniq_w1a1", with_steps("uniq", "1", "1"), 3},
                    ExportCase{"uniq_w4a4", with_steps("uniq", "4", "4"), 3},
                    ExportCase{"lsq_w2a2_resnet20",
                               with_steps("lsq", "2", "2",
                                          {"network.name=resnet20", "data.train_limit=60", "data.test_limit=48",
                                           "quantization.last_layer=8"}),
                               16},
                    ExportCase{"w2a2_image8", image8("dorefa", "dorefa", "2"), 4},
                    ExportCase{"w1a1_image8", image8("sign_channel", "sign", "1"), 4},
                    ExportCase{"w3a3_image8", image8("sparse_shift", "dorefa", "3"), 4},
                    ExportCase{"w2a2_image8_real_weights", {"data.normalize=unit", "quantization.image_bits=8"}, 3},
                    ExportCase{"w8a8", {"quantization.weight_bits=8", "quantization.activation_bits=8"}, 3},
                    ExportCase{
                        "w2a2_resnet20", {"network.name=resnet20", "data.train_limit=60", "data.test_limit=48"}, 15},
                    ExportCase{"w1a1_reactnet20",
                               {"network.name=reactnet20", "network.width=0.5", "data.train_limit=60",
                                "data.test_limit=48", "quantization.weight_bits=1", "quantization.activation_bits=1",
                                "quantization.weight_quantizer=sign_channel", "quantization.activation_quantizer=sign"},
                               18},
                    ExportCase{"w1a1_vgg_small",
                               {"network.name=vgg_small", "network.width=0.125", "data.train_limit=60",
                                "data.test_limit=48", "quantization.weight_bits=1", "quantization.activation_bits=1",
                                "quantization.weight_quantizer=sign_channel", "quantization.activation_quantizer=sign"},
                               4}),
    [](const auto& test) { return std::string(test.param.name); });

// Bare convolutions, and norms of sums.
INSTANTIATE_TEST_SUITE_P(
    PreActivation, Export,
    testing::Values(ExportCase{
        "w2a2_preresnet20", {"network.name=preresnet20", "data.train_limit=60", "data.test_limit=48"}, 15}),
    [](const auto& test) { return std::string(test.param.name); });

// A session normalises pixels itself; it must do so as the recipe's batches were.
TEST(ExportPixels, AreNormalisedAsInTraining) {
  for (const char* kind : {"standard", "symmetric", "unit"}) {
    const auto exported =
        train_and_export({"training.epochs=1", std::string("data.normalize=") + kind}, "export_pixels");
    ASSERT_TRUE(exported.has_value()) << exported.error().to_string();
    const Dataset& data = exported->dataset;
    const auto session = infer::Session::open(harness::test_context(), exported->folder.model());
    ASSERT_TRUE(session.has_value()) << session.error().to_string();
    const auto queue = BatchQueue::open(data, data.test, eval_batch_options(exported->recipe.data));
    ASSERT_TRUE(queue.has_value()) << queue.error().to_string();
    const auto batch = (*queue)->next();
    ASSERT_TRUE(batch.has_value());
    std::vector<uint8_t> pixels(data.image.bytes());
    ASSERT_TRUE(read_image(data, data.test, 0, pixels).has_value());
    const auto from_pixels = (*session)->run(std::span<const uint8_t>(pixels));
    const auto from_floats = (*session)->run(batch->images.first(pixels.size()));
    ASSERT_TRUE(from_pixels.has_value() && from_floats.has_value());
    EXPECT_EQ(*from_pixels, *from_floats) << kind;
  }
}

// Nothing in front of the second layer is f32, and an f32 image, which the session packs, gives the same logits.
TEST(ExportPixels, RunOnIntegers) {
  std::vector<std::string> changes = image8("sign_channel", "sign", "1");
  changes.push_back("training.epochs=1");
  const auto exported = train_and_export(changes, "export_integer_pixels");
  ASSERT_TRUE(exported.has_value()) << exported.error().to_string();
  const Dataset& data = exported->dataset;
  const auto session = infer::Session::open(harness::test_context(), exported->folder.model());
  ASSERT_TRUE(session.has_value()) << session.error().to_string();
  std::vector<uint8_t> pixels(data.image.bytes());
  ASSERT_TRUE(read_image(data, data.test, 0, pixels).has_value());
  const auto from_pixels = (*session)->run(std::span<const uint8_t>(pixels));
  ASSERT_TRUE(from_pixels.has_value());
  EXPECT_EQ((*session)->layers().front().op, "packed_pixels");
  std::vector<float> image;
  for (const uint8_t pixel : pixels) image.push_back(static_cast<float>(pixel / 255.0));
  EXPECT_EQ((*session)->run(image).value(), *from_pixels);
  EXPECT_EQ((*session)->layers().front().op, "pack");
}

// The proof must be able to fail: a threshold that is off by one in the middle of its channel's range changes
// predictions or logits.
TEST(ExportProof, NoticesAChangedConstant) {
  const auto exported = train_and_export({"training.epochs=1"}, "export_changed");
  ASSERT_TRUE(exported.has_value()) << exported.error().to_string();
  const auto model = model::PackedModel::open(exported->folder.model());
  ASSERT_TRUE(model.has_value());
  const auto graph = model->make_graph(1);
  ASSERT_TRUE(graph.has_value());
  model::Constants constants;
  for (const ValueId id : graph->with_role(graph::Role::constant)) {
    const std::string& name = graph->value(id).name;
    const auto bytes = model->constant(name);
    constants.emplace(name, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  std::vector<std::byte>& weight = constants.at("fc1.weight");
  weight[0] ^= std::byte{1};
  const auto changed = exported->folder.path / "changed.safetensors";
  ASSERT_TRUE(model::write_model(changed, model->info(), *graph, constants).has_value());
  const auto parity =
      prove_parity(harness::test_context(), exported->recipe, exported->dataset, exported->folder.last(), changed);
  ASSERT_TRUE(parity.has_value()) << parity.error().to_string();
  EXPECT_FALSE(parity->is_exact());
}

}  // namespace
}  // namespace lowtide::trainer
