// SPDX-License-Identifier: Apache-2.0
// S3 and DeepShift as recipes and networks: what is refused, what a layer is made of, how latents start, what decays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "trainer/loop/train_step.hpp"
#include "trainer/nets/net.hpp"

namespace lowtide::trainer {
namespace {

Result<Recipe> recipe(const std::vector<std::string>& changes) {
  return parse_recipe("[network]\nname = \"lenet5\"\n", "test", changes);
}

std::string refusal(const std::vector<std::string>& changes) {
  const auto result = recipe(changes);
  return result ? "" : result.error().to_string();
}

void expect_refused(const std::vector<std::string>& changes, const char* why) {
  EXPECT_NE(refusal(changes).find(why), std::string::npos) << why << "\n" << refusal(changes);
}

TEST(ShiftRecipe, RefusesContradictions) {
  const std::string s3 = "quantization.weight_quantizer=sparse_shift";
  const std::string q = "quantization.weight_quantizer=deepshift_q", ps = "quantization.weight_quantizer=deepshift_ps";
  expect_refused({s3, "quantization.weight_bits=5"}, "\"sparse_shift\" has 2 to 4 bits, but weight_bits is 5");
  expect_refused({q, "quantization.weight_bits=1"}, "\"deepshift_q\" has 2 to 5 bits, but weight_bits is 1");
  expect_refused({ps, "quantization.weight_bits=5", "quantization.activation_bits=2"}, "may pass 2^24");
  expect_refused({ps, "quantization.weight_bits=3", "optimizer.latent_clip=1"}, "a range of their own");
  for (const std::string& words : {s3, q, ps}) {
    expect_refused({words, "quantization.weight_bits=3", "quantization.weight_estimator=ewgs"}, "gradients of its own");
  }
  for (const char* bits : {"quantization.weight_bits=2", "quantization.weight_bits=4"}) {
    EXPECT_EQ(refusal({s3, bits, "quantization.activation_bits=2"}), "");
    EXPECT_EQ(refusal({q, bits, "quantization.activation_bits=2"}), "");
  }
  EXPECT_EQ(refusal({ps, "quantization.weight_bits=5"}), "");
  EXPECT_EQ(refusal({ps}), "");  // full precision asks for nothing
}

TEST(ShiftRecipe, SurvivesItsOwnText) {
  const auto read =
      recipe({"quantization.weight_quantizer=sparse_shift", "quantization.weight_bits=3", "sparse_shift.start=released",
              "sparse_shift.dense_regularizer=2e-5", "deepshift.penalty=0.5", "optimizer.name=radam"});
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->phases[0].sparse_shift.start, SparseShiftStart::released);
  const auto again = parse_recipe(recipe_text(*read), "text");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again, *read);
}

// A first or last layer with bits that shift weights do not have is dorefa.
TEST(ShiftRecipe, EdgeLayersFallBackToDorefa) {
  QuantizationOptions options = {.weight_bits = 3, .weight_quantizer = WeightQuantizer::sparse_shift};
  options.first_layer = 4;
  options.last_layer = 8;
  EXPECT_EQ(layer_precision(options, "fc", LayerPosition::last).weight_quantizer, WeightQuantizer::dorefa);
  EXPECT_EQ(layer_precision(options, "conv", LayerPosition::first).weight_quantizer, WeightQuantizer::sparse_shift);
  options.weight_quantizer = WeightQuantizer::deepshift_ps;
  options.first_layer = options.last_layer = 5;  // the last layer's input would have 5 bits too
  EXPECT_EQ(layer_precision(options, "fc", LayerPosition::last).weight_quantizer, WeightQuantizer::dorefa);
  EXPECT_EQ(layer_precision(options, "conv", LayerPosition::first).weight_quantizer, WeightQuantizer::deepshift_ps);
}

const NetParameter* find(const TrainGraph& train, const std::string& name) {
  const auto it = std::find_if(train.parameters.begin(), train.parameters.end(),
                               [&](const NetParameter& p) { return p.name == name; });
  return it == train.parameters.end() ? nullptr : &*it;
}

Result<TrainGraph> train_graph(const std::vector<std::string>& changes) {
  LOWTIDE_TRY(const Recipe made, recipe(changes));
  return make_train_graph(made.phases[0], {.batch = 2, .height = 28, .width = 28, .channels = 1, .classes = 10});
}

TEST(ShiftNet, HasOneParameterOfLatentsPerLayer) {
  const auto s3 = train_graph({"quantization.weight_quantizer=sparse_shift", "quantization.weight_bits=4"});
  ASSERT_TRUE(s3) << s3.error().to_string();
  const NetParameter* latents = find(*s3, "conv2.latents");
  ASSERT_NE(latents, nullptr);
  EXPECT_EQ(find(*s3, "conv2.weight"), nullptr);
  const auto plain = train_graph({});
  ASSERT_TRUE(plain);
  const NetParameter* weight = find(*plain, "conv2.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(latents->shape.element_count(), 8 * weight->shape.element_count());
  EXPECT_EQ(latents->shape[0], 8 * weight->shape[0]);
}

TEST(ShiftNet, DecayAndClippingFollowTheMethod) {
  OptimizerOptions options;
  options.weight_decay = 0.5;
  const auto s3 = train_graph({"quantization.weight_quantizer=sparse_shift", "quantization.weight_bits=3"});
  const auto q = train_graph({"quantization.weight_quantizer=deepshift_q", "quantization.weight_bits=3"});
  const auto ps = train_graph({"quantization.weight_quantizer=deepshift_ps", "quantization.weight_bits=3"});
  ASSERT_TRUE(s3 && q && ps);
  EXPECT_EQ(attributes_of(*find(*s3, "conv2.latents"), options).weight_decay, 0.5f);
  EXPECT_EQ(attributes_of(*find(*s3, "conv2.latents"), options).latent_clip, 0.0f);
  EXPECT_EQ(attributes_of(*find(*ps, "conv2.latents"), options).weight_decay, 0.0f);
  EXPECT_EQ(attributes_of(*find(*ps, "conv2.gamma"), {.weight_decay = 0.5, .weight_decay_exclude = {}}).weight_decay,
            0.5f);
  EXPECT_EQ(attributes_of(*find(*q, "conv2.weight"), options).weight_decay, 0.5f);
  EXPECT_EQ(attributes_of(*find(*q, "conv2.weight"), options).latent_clip, 1.0f);
  options.latent_clip = 0.25;
  EXPECT_EQ(attributes_of(*find(*q, "conv2.weight"), options).latent_clip, 0.25f);
}

struct Moments {
  double mean = 0, deviation = 0, least = 1e9, largest = -1e9;
};
Moments moments(const std::vector<float>& x, size_t first, size_t count) {
  Moments m;
  for (size_t i = first; i < first + count; ++i) {
    const auto element = static_cast<double>(x[i]);
    m.mean += element / static_cast<double>(count);
    m.deviation += element * element / static_cast<double>(count);
    m.least = std::min(m.least, element);
    m.largest = std::max(m.largest, element);
  }
  m.deviation = std::sqrt(m.deviation);  // about zero
  return m;
}

TEST(ShiftNet, SparseShiftStartsAsPublished) {
  constexpr uint32_t kOutputs = 64;
  NetParameter p = {.name = "conv.latents",
                    .shape = {4 * kOutputs, 3, 3, 16},
                    .initializer = Initializer::sparse_shift_released,
                    .weight_bits = 3};
  const std::vector<float> released = initial_elements(p, 1);
  const size_t count = size_t{kOutputs} * 9 * 16;
  ASSERT_EQ(released.size(), 4 * count);
  for (size_t l = 0; l < 4; ++l) {
    const Moments m = moments(released, l * count, count);
    EXPECT_NEAR(m.deviation, std::sqrt(2.0 / (9 * kOutputs)), 0.001) << l;
    EXPECT_NEAR(m.mean, 0, 0.002) << l;
  }
  p.initializer = Initializer::sparse_shift_dense;
  const std::vector<float> dense = initial_elements(p, 1);
  EXPECT_GE(moments(dense, count, count).least, 0);
  EXPECT_LE(moments(dense, 2 * count, 2 * count).largest, 0);
  for (size_t i = 0; i < dense.size(); ++i) EXPECT_EQ(std::fabs(dense[i]), std::fabs(released[i]));
  EXPECT_EQ(std::vector(dense.begin(), dense.begin() + 100), std::vector(released.begin(), released.begin() + 100));
  EXPECT_EQ(dense, initial_elements(p, 1));
  EXPECT_NE(dense, initial_elements(p, 2));
}

TEST(ShiftNet, DeepshiftPsStartsAsPublished) {
  NetParameter p = {
      .name = "conv.latents", .shape = {2 * 64, 3, 3, 16}, .initializer = Initializer::deepshift_ps, .weight_bits = 5};
  const size_t count = size_t{64} * 9 * 16;
  std::vector<float> x = initial_elements(p, 1);
  EXPECT_NEAR(moments(x, 0, count).least, -10, 0.01);
  EXPECT_NEAR(moments(x, 0, count).largest, -1, 0.01);
  EXPECT_NEAR(moments(x, 0, count).mean, -5.5, 0.1);
  EXPECT_NEAR(moments(x, count, count).least, -1, 0.01);
  EXPECT_NEAR(moments(x, count, count).largest, 1, 0.01);
  p.weight_bits = 3;  // the range is [-2, 0]
  x = initial_elements(p, 1);
  EXPECT_EQ(moments(x, 0, count).least, -2);
  EXPECT_NEAR(moments(x, 0, count).largest, -1, 0.01);
  p.shape = {128, 144};
  EXPECT_NEAR(moments(initial_elements(p, 1), 0, count).mean, -1, 0.05);
}

}  // namespace
}  // namespace lowtide::trainer
