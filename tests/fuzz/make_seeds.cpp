// SPDX-License-Identifier: Apache-2.0
// make_seeds FOLDER: writes what the fuzz targets start from: FOLDER/models with a packed model of each kind of layer,
// small enough to mutate; FOLDER/recipes with a recipe that is followed by an override. The recipes of the samples are
// seeds too.
#include <cstdio>

#include "engine/base/file.hpp"
#include "engine/base/rng.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/ops/add/add.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/bias/bias.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/concat/concat.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/global_average_pool/global_average_pool.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/prelu/prelu.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"
#include "engine/quant/pack.hpp"
#include "tests/harness/device/small_model.hpp"

namespace {

using namespace lowtide;
using Folder = std::filesystem::path;

// A graph with contents for its constants, and the file of it.
class Seed {
 public:
  graph::Graph graph;

  ValueId images(uint32_t h, uint32_t w, uint32_t c) {
    info_ = {.network = "seed", .height = h, .width = w, .channels = c, .source = "made by hand"};
    info_.mean.assign(c, 0.5f);
    info_.deviation.assign(c, 0.25f);
    return graph.input(std::string(model::kInputName), f32_desc({1, h, w, c}));
  }
  ValueId floats(const char* name, Shape shape) {
    std::vector<float> elements(shape.element_count());
    for (float& element : elements) element = static_cast<float>(rng_.below(5)) - 2.0f;
    return constant(name, f32_desc(shape), elements);
  }
  ValueId weights(const char* name, const quant::PackedWeightExtents& extents) {
    const std::vector<float> levels(size_t{extents.k} * extents.taps * extents.c, 1.0f);  // of every kind
    return constant(name, {DType::u32, extents.shape()}, quant::pack_weights(levels, extents));
  }
  ValueId thresholds(const char* name, uint32_t rows, uint32_t channels) {
    std::vector<int32_t> table(size_t{rows} * channels, 1);  // row 0: the direction
    for (size_t i = channels; i < table.size(); ++i) table[i] = static_cast<int32_t>(i / channels);
    return constant(name, {DType::i32, Shape{rows, channels}}, table);
  }

  Result<void> write(const Folder& path, ValueId logits) {
    graph.make_metric(logits, std::string(model::kOutputName));
    info_.classes = graph.desc(logits).shape[1];
    return model::write_model(path, info_, graph, constants_);
  }

 private:
  template <class Element>
  ValueId constant(const char* name, TensorDesc desc, const std::vector<Element>& elements) {
    const auto bytes = std::as_bytes(std::span(elements));
    constants_[name].assign(bytes.begin(), bytes.end());
    return graph.constant(name, desc);
  }

  Rng rng_{7, 7};
  model::Constants constants_;
  model::ModelInfo info_;
};

// Layers in full precision around a convolution with a scale per tap.
Result<void> write_float_model(const Folder& path) {
  Seed s;
  graph::Graph& g = s.graph;
  const ValueId x = s.images(6, 5, 2);
  LOWTIDE_TRY(ValueId y, ops::conv2d(g, "conv", x, s.floats("conv.weight", {4, 3, 3, 2}), {.pad_h = 1, .pad_w = 1}));
  LOWTIDE_TRY(y, ops::bias(g, "bias", y, s.floats("conv.bias", {4})));
  LOWTIDE_TRY(y, ops::prelu(g, "prelu", y, s.floats("slope", {4})));
  LOWTIDE_TRY(const ValueId taps, ops::tap_conv2d(g, "taps", y, s.floats("taps.weight", {4, 3, 3, 4}),
                                                  s.floats("taps.scale", {9}), {.pad_h = 1, .pad_w = 1}));
  LOWTIDE_TRY(y, ops::add(g, "add", y, taps));
  LOWTIDE_TRY(y, ops::max_pool2d(g, "pool", y, {}));
  LOWTIDE_TRY(const ValueId zeros, ops::fill(g, "zeros", g.desc(y), 0.0f));
  LOWTIDE_TRY(y, ops::concat(g, "concat", {y, zeros}));
  LOWTIDE_TRY(y, ops::scale(g, "scale", y, s.floats("factor", {})));
  LOWTIDE_TRY(y, ops::relu(g, "relu", y));
  LOWTIDE_TRY(y, ops::average_pool2d(g, "mean", y, {.kernel_h = 1, .kernel_w = 2, .stride_h = 1, .stride_w = 1}));
  LOWTIDE_TRY(y, ops::flatten(g, "flatten", y));
  LOWTIDE_TRY(y, ops::linear(g, "linear", y, s.floats("linear.weight", {3, g.desc(y).shape[1]}), {}));
  return s.write(path, y);
}

// Signs and ternary levels, thresholds, packed pooling, and a shortcut in f32.
Result<void> write_packed_model(const Folder& path) {
  Seed s;
  graph::Graph& g = s.graph;
  using quant::ActivationKind;
  const ValueId x = s.images(6, 6, 3);
  LOWTIDE_TRY(ValueId y, ops::pack(g, "pack", x, {.kind = ActivationKind::signs}));
  const ValueId first = s.weights("a.weight", {.k = 33, .taps = 9, .c = 3, .bits = 1});
  LOWTIDE_TRY(y, ops::packed_conv2d(g, "a", y, first, {s.thresholds("a.thresholds", 3, 33)},
                                    {.output_channels = 33,
                                     .output_activation = ActivationKind::shift,
                                     .output_bits = 2,
                                     .kernel_h = 3,
                                     .kernel_w = 3,
                                     .pad_h = 1,
                                     .pad_w = 1}));
  LOWTIDE_TRY(y, ops::packed_max_pool2d(g, "pool", y, {.activation = ActivationKind::shift}));
  const ValueId second =
      s.weights("b.weight", {.k = 33, .taps = 1, .c = 33, .bits = 2, .kind = quant::WeightKind::shift});
  LOWTIDE_TRY(const ValueId sums, ops::packed_conv2d(g, "b", y, second, {},
                                                     {.activation = ActivationKind::shift,
                                                      .weight = quant::WeightKind::shift,
                                                      .weight_bits = 2,
                                                      .output_channels = 33,
                                                      .output = ops::PackedOutput::accumulator}));
  LOWTIDE_TRY(const ValueId levels, ops::unpack(g, "unpack", y, ActivationKind::shift));
  LOWTIDE_TRY(ValueId z, ops::add(g, "shortcut", sums, levels));
  LOWTIDE_TRY(z, ops::affine(g, "norm", z, s.floats("multiplier", {33}), s.floats("offset", {33})));
  LOWTIDE_TRY(z, ops::clip(g, "clip", z, 0.0f, 1.0f));
  LOWTIDE_TRY(z, ops::global_average_pool(g, "mean", z));
  LOWTIDE_TRY(z, ops::linear(g, "linear", z, s.floats("linear.weight", {3, 33}), {}));
  return s.write(path, z);
}

Result<void> write_recipe(const Folder& path) {
  return write_file_atomically(path, std::string_view("[training]\nepochs = 3\n\n--set quantization.weight_bits=2"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  const Folder models = Folder(argv[1]) / "models", recipes = Folder(argv[1]) / "recipes";
  std::filesystem::create_directories(models);
  std::filesystem::create_directories(recipes);
  for (const Result<void>& written :
       {harness::write_small_model(models / "small.safetensors"), write_float_model(models / "float.safetensors"),
        write_packed_model(models / "packed.safetensors"), write_recipe(recipes / "override.toml")}) {
    if (written) continue;
    std::fprintf(stderr, "make_seeds: %s\n", written.error().to_string().c_str());
    return 1;
  }
  return 0;
}
