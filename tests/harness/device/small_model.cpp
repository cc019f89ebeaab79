// SPDX-License-Identifier: Apache-2.0
// The model of tests.
#include "tests/harness/device/small_model.hpp"

#include <cstring>
#include <string>

#include "engine/base/rng.hpp"
#include "engine/graph/graph.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/elements.hpp"

namespace lowtide::harness {
namespace {

constexpr uint32_t kBits = 2;
constexpr uint32_t kFirstChannels = 33;  // one channel in the second word
constexpr uint32_t kSecondChannels = 37;

class Maker {
 public:
  template <class Element>
  ValueId constant(const char* name, TensorDesc desc, const std::vector<Element>& elements) {
    const auto bytes = std::as_bytes(std::span(elements));
    LOWTIDE_CHECK(bytes.size() == desc.bytes(), "the elements are those of another shape");
    constants_[name].assign(bytes.begin(), bytes.end());
    return graph_.constant(name, desc);
  }
  ValueId uniform(const char* name, uint32_t count, float lo, float hi) {
    std::vector<float> elements(count);
    for (float& element : elements) element = rng_.uniform(lo, hi);
    return constant(name, f32_desc({count}), elements);
  }
  ValueId packed_weights(const char* name, const quant::PackedWeightExtents& extents) {
    std::vector<float> levels(size_t{extents.k} * extents.taps * extents.c);
    for (float& level : levels) level = quant::weight_level(rng_.below(4), kBits);
    return constant(name, {DType::u32, extents.shape()}, quant::pack_weights(levels, extents));
  }
  ValueId thresholds(const char* name, uint32_t channels) {
    std::vector<quant::ChannelMap> maps(channels);
    for (quant::ChannelMap& map : maps) {
      map.quantizer.bits = kBits;
      map.multiplier = rng_.uniform(-0.03f, 0.03f);
      map.offset = rng_.uniform(0.2f, 0.8f);
    }
    return constant(name, {DType::i32, Shape{1u << kBits, channels}}, quant::fold_channels(maps));
  }

  Result<void> add_layers() {
    const ValueId images =
        graph_.input(std::string(model::kInputName), f32_desc({1, kSmallHeight, kSmallWidth, kSmallChannels}));
    std::vector<float> first(size_t{kFirstChannels} * 9 * kSmallChannels);
    for (float& weight : first) weight = static_cast<float>(rng_.below(5)) - 2.0f;
    const ValueId first_weights = constant("first.weight", f32_desc({kFirstChannels, 3, 3, kSmallChannels}), first);
    LOWTIDE_TRY(const ValueId x, ops::conv2d(graph_, "first", images, first_weights, {.pad_h = 1, .pad_w = 1}));
    const ValueId multiplier = uniform("first.multiplier", kFirstChannels, -0.05f, 0.05f);
    const ValueId offset = uniform("first.offset", kFirstChannels, 0.2f, 0.8f);
    LOWTIDE_TRY(const ValueId codes, ops::pack_affine(graph_, "first.pack", x, multiplier, offset, {.bits = kBits}));

    const ValueId second =
        packed_weights("second.weight", {.k = kSecondChannels, .taps = 6, .c = kFirstChannels, .bits = kBits});
    ops::PackedConv2dOpParams conv;
    conv.activation = quant::ActivationKind::unsigned_levels;
    conv.weight_bits = kBits;
    conv.output_channels = kSecondChannels;
    conv.output_bits = kBits;
    conv.kernel_h = 3;
    conv.kernel_w = 2;
    conv.stride_h = 2;
    conv.pad_h = 1;
    const ValueId table = thresholds("second.thresholds", kSecondChannels);
    LOWTIDE_TRY(const ValueId y, ops::packed_conv2d(graph_, "second", codes, second, {table}, conv));

    const Shape& shape = graph_.desc(y).shape;
    const ValueId last = packed_weights(
        "last.weight", {.k = kSmallClasses, .taps = shape[1] * shape[2], .c = kSecondChannels, .bits = kBits});
    const ValueId last_multiplier = uniform("last.multiplier", kSmallClasses, 0.01f, 0.02f);
    const ValueId last_offset = uniform("last.offset", kSmallClasses, -1.0f, 1.0f);
    LOWTIDE_TRY(const ValueId logits, ops::packed_linear(graph_, "last", y, last, {last_multiplier, last_offset},
                                                         {.activation = quant::ActivationKind::unsigned_levels,
                                                          .weight_bits = kBits,
                                                          .output_channels = kSmallClasses,
                                                          .output = ops::PackedOutput::affine}));
    graph_.make_metric(logits, std::string(model::kOutputName));
    return {};
  }

  Result<void> write(const std::filesystem::path& path) const {
    model::ModelInfo info;
    info.network = "small";
    info.height = kSmallHeight;
    info.width = kSmallWidth;
    info.channels = kSmallChannels;
    info.classes = kSmallClasses;
    info.mean = {0.5f, 0.25f, 0.4f};
    info.deviation = {0.25f, 0.3f, 0.2f};
    for (uint32_t i = 0; i < kSmallClasses; ++i) info.class_names.push_back("class " + std::to_string(i));
    info.source = "random weights";
    return model::write_model(path, info, graph_, constants_);
  }

 private:
  Rng rng_{2024, 1};
  graph::Graph graph_;
  model::Constants constants_;
};

}  // namespace

Result<void> write_small_model(const std::filesystem::path& path) {
  Maker maker;
  LOWTIDE_TRY_VOID(maker.add_layers());
  return maker.write(path);
}

Result<std::vector<float>> reference_logits(const model::PackedModel& packed, std::span<const float> images) {
  const model::ModelInfo& info = packed.info();
  const auto count = static_cast<uint32_t>(images.size() / (size_t{info.height} * info.width * info.channels));
  LOWTIDE_TRY(const graph::Graph graph, packed.make_graph(count));
  reference::Interpreter interpreter(graph);
  for (const ValueId id : graph.with_role(graph::Role::constant)) {
    const graph::Value& value = graph.value(id);
    if (packed.coded().contains(value.name)) {
      const std::vector<float> levels = packed.decoded(value);
      interpreter.set(id, std::vector<double>(levels.begin(), levels.end()));
      continue;
    }
    interpreter.set(id, elements_of(value.desc, packed.constant(value.name)));
  }
  interpreter.set(graph.find(model::kInputName), std::vector<double>(images.begin(), images.end()));
  LOWTIDE_TRY_VOID(interpreter.evaluate());
  std::vector<float> logits;
  for (const double logit : interpreter.elements(graph.find(model::kOutputName))) {
    logits.push_back(static_cast<float>(logit));
  }
  return logits;
}

std::vector<float> whole_images(uint32_t count, uint64_t seed) {
  Rng rng(seed, 2);
  std::vector<float> images(size_t{count} * kSmallImageElements);
  for (float& element : images) element = static_cast<float>(rng.below(7)) - 3.0f;
  return images;
}

}  // namespace lowtide::harness
