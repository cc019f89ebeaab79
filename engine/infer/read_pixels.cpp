// SPDX-License-Identifier: Apache-2.0
// One walk over the nodes in order, as in fuse_epilogues.cpp.
#include "engine/infer/read_pixels.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/normalize_pixels/normalize_pixels.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_pixels/packed_pixels.hpp"
#include "engine/quant/pack.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::infer {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

class Reader {
 public:
  Reader(const Graph& graph, const model::PackedModel& model, const graph::LowerTarget& target)
      : graph_(graph),
        model_(model),
        target_(target),
        pixel_table_(make_pixel_table(model.info())),
        images_(graph.find(model::kInputName)),
        new_ids_(graph.values().size()) {}

  Result<PixelGraph> run() {
    for (const Node& node : graph_.nodes()) packs_pixels_.push_back(packs_pixels(node));
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::input) new_ids_[i] = out_.graph.input(value.name, {DType::u8, value.desc.shape});
      if (value.role == Role::constant) new_ids_[i] = out_.graph.constant(value.name, value.desc);
    }
    for (const Node& node : graph_.nodes()) {
      if (reads_pixels(node)) {
        LOWTIDE_TRY_VOID(append_pixels(node));
      } else if (convolves_images(node)) {
        LOWTIDE_TRY_VOID(append_convolution(node));
      } else if (!is_needless(node)) {
        LOWTIDE_TRY_VOID(copy(node));
      }
    }
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::metric) out_.graph.make_metric(new_ids_[i], value.name);
    }
    return std::move(out_);
  }

 private:
  template <class Element>
  std::vector<Element> contents(ValueId id) const {
    const std::span<const std::byte> bytes = model_.constant(graph_.value(id).name);
    std::vector<Element> elements(bytes.size() / sizeof(Element));
    std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(Element));
    return elements;
  }
  bool is_stored(ValueId id) const {
    return graph_.value(id).role == Role::constant && !model_.coded().contains(graph_.value(id).name);
  }

  // Whether a node packs the images, and the code of each pixel is the pixel.
  bool packs_pixels(const Node& node) const {
    if (node.op != &ops::kPackOp || node.in(0) != images_) return false;
    const auto p = node.params<ops::PackOpParams>();
    if (p.kind != quant::ActivationKind::unsigned_levels || p.bits != 8) return false;
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      if (!is_stored(node.in(i))) return false;
    }
    quant::ActivationQuantizer quantizer = {.kind = p.kind, .bits = p.bits, .rule = p.rule};
    const bool has_step = p.rule == quant::ActivationRule::learned_step;
    if (has_step) quantizer.inverse_step = contents<float>(node.inputs.back()).front();
    const bool has_affine = node.inputs.size() >= 3;
    const std::vector<float> multiplier = has_affine ? contents<float>(node.in(1)) : std::vector<float>();
    const std::vector<float> offset = has_affine ? contents<float>(node.in(2)) : std::vector<float>();
    for (size_t i = 0; i < pixel_table_.size(); ++i) {
      const size_t channel = i / ops::kPixelValues;
      const float scaled = has_affine ? pixel_table_[i] * multiplier[channel] : pixel_table_[i];
      const float value = has_affine ? scaled + offset[channel] : scaled;
      const float level = quant::quantize(value, quantizer);
      if (quant::activation_code(level, p.kind, p.bits) != i % ops::kPixelValues) return false;
    }
    return true;
  }

  // Whether a node can become packed_pixels. Kernels too large for the tuned one are faster plane by plane.
  bool reads_pixels(const Node& node) const {
    if (node.op != &ops::kPackedConv2dOp || !is_stored(node.in(1))) return false;
    const NodeId packer = graph_.value(node.in(0)).producer;
    if (!packer.is_valid() || !packs_pixels_[packer.index]) return false;
    const auto p = node.params<ops::PackedConv2dOpParams>();
    const bool is_plain = p.groups == 1 && p.dilation_h == 1 && p.dilation_w == 1;
    const bool has_output = p.output == ops::PackedOutput::codes || p.output == ops::PackedOutput::affine;
    const uint64_t terms = uint64_t{p.kernel_h} * p.kernel_w * model_.info().channels;
    return is_plain && has_output && terms <= ops::kMostHeldPixels;
  }

  // A node that packs images for nodes which read pixels, and for no other.
  bool is_needless(const Node& node) const {
    if (!packs_pixels_[graph_.value(node.out()).producer.index] || graph_.value(node.out()).role != Role::activation) {
      return false;
    }
    size_t readers = 0;
    for (const Node& reader : graph_.nodes()) {
      for (const ValueId id : reader.inputs) {
        if (id != node.out()) continue;
        if (!reads_pixels(reader)) return false;
        ++readers;
      }
    }
    return readers > 0;
  }

  // A file may also convolve images with themselves.
  bool convolves_images(const Node& node) const {
    const bool is_plain = node.op == &ops::kConv2dOp && node.inputs.size() == 2;
    if (!is_plain && node.op != &ops::kConv2dAffineOp) return false;
    if (node.in(0) != images_ || std::count(node.inputs.begin(), node.inputs.end(), images_) != 1) return false;
    return !is_plain || ops::fuses_affine(node, graph_, target_);
  }

  Result<void> append_convolution(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(new_ids_[id.index]);
    if (node.op == &ops::kConv2dAffineOp) {
      inputs.push_back(table());
      return append(node, *node.op, node.param_storage.data(), node.param_bytes, inputs);
    }
    const uint32_t k = graph_.desc(node.out()).shape.last();
    inputs.push_back(make_constant("ones", Shape{k}, std::vector(k, 1.0f)));
    inputs.push_back(make_constant("zeros", Shape{k}, std::vector(k, -0.0f)));  // -0 + -0 is -0, and 0 + -0 is 0
    inputs.push_back(table());
    const ops::Conv2dAffineOpParams params = {.conv = node.params<ops::Conv2dParams>()};
    return append(node, ops::kConv2dAffineOp, &params, sizeof params, inputs);
  }

  Result<void> append_pixels(const Node& node) {
    const auto p = node.params<ops::PackedConv2dOpParams>();
    const ops::PackedPixelsOpParams params = {.output = p.output,
                                              .output_activation = p.output_activation,
                                              .output_bits = p.output_bits,
                                              .output_scale = p.output_scale,
                                              .kernel_h = p.kernel_h,
                                              .kernel_w = p.kernel_w,
                                              .stride_h = p.stride_h,
                                              .stride_w = p.stride_w,
                                              .pad_h = p.pad_h,
                                              .pad_w = p.pad_w};
    std::vector<ValueId> inputs = {new_ids_[images_.index], levels_of(node, p)};
    for (size_t i = 2; i < node.inputs.size(); ++i) inputs.push_back(new_ids_[node.in(i).index]);
    return append(node, ops::kPackedPixelsOp, &params, sizeof params, inputs);
  }

  // The levels of the weights of a packed_conv2d, as packed_pixels reads them.
  ValueId levels_of(const Node& node, const ops::PackedConv2dOpParams& p) {
    const uint32_t k = p.output_channels, row = round_up(k, 32u);
    const quant::PackedWeightExtents extents = {
        .k = k, .taps = p.kernel_h * p.kernel_w, .c = model_.info().channels, .bits = p.weight_bits, .kind = p.weight};
    const std::vector<float> levels = quant::unpack_weights(contents<uint32_t>(node.in(1)), extents);
    const uint32_t terms = extents.taps * extents.c;
    std::vector<float> rows(size_t{terms} * row);
    for (size_t i = 0; i < levels.size(); ++i) rows[i % terms * row + i / terms] = levels[i];
    return make_constant("levels", Shape{terms, row}, std::move(rows));
  }

  Result<void> copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) {
      if (id == images_) LOWTIDE_TRY_VOID(normalize());
      inputs.push_back(id == images_ ? normalized_ : new_ids_[id.index]);
    }
    return append(node, *node.op, node.param_storage.data(), node.param_bytes, inputs);
  }

  // What takes the place of `node`.
  Result<void> append(const Node& node, const graph::OpInfo& op, const void* params, size_t param_bytes,
                      const std::vector<ValueId>& inputs) {
    LOWTIDE_TRY(const Node* made, out_.graph.append(op, node.name, params, param_bytes, inputs));
    for (size_t i = 0; i < node.outputs.size(); ++i) new_ids_[node.outputs[i].index] = made->outputs[i];
    return {};
  }

  // The images in f32, made for the first node that reads them so.
  Result<void> normalize() {
    if (normalized_.is_valid()) return {};
    LOWTIDE_TRY(normalized_,
                ops::normalize_pixels(out_.graph, std::string(model::kInputName), new_ids_[images_.index], table()));
    return {};
  }

  ValueId table() {
    if (!table_.is_valid()) {
      table_ = make_constant("table", Shape{model_.info().channels, ops::kPixelValues}, pixel_table_);
    }
    return table_;
  }

  // Under a name that the file, which may name its values as it likes, does not use.
  ValueId make_constant(const char* what, const Shape& shape, std::vector<float> elements) {
    std::string name = std::string(model::kInputName) + "/" + what;
    while (out_.graph.find(name).is_valid() || graph_.find(name).is_valid()) name += "'";
    const ValueId id = out_.graph.constant(name, f32_desc(shape));
    out_.made.push_back({id, std::move(elements)});
    return id;
  }

  const Graph& graph_;
  const model::PackedModel& model_;
  const graph::LowerTarget& target_;
  const std::vector<float> pixel_table_;
  PixelGraph out_;
  ValueId images_;
  std::vector<bool> packs_pixels_;  // by node of graph_
  ValueId normalized_, table_;      // of out_
  std::vector<ValueId> new_ids_;    // by value of graph_
};

}  // namespace

std::vector<float> make_pixel_table(const model::ModelInfo& info) {
  std::vector<float> table;
  table.reserve(size_t{info.channels} * ops::kPixelValues);
  for (uint32_t c = 0; c < info.channels; ++c) {
    for (uint32_t pixel = 0; pixel < ops::kPixelValues; ++pixel) {
      const double unit = static_cast<double>(pixel) / 255.0;
      table.push_back(
          static_cast<float>((unit - static_cast<double>(info.mean[c])) / static_cast<double>(info.deviation[c])));
    }
  }
  return table;
}

Result<PixelGraph> read_pixels(const Graph& graph, const model::PackedModel& model, const graph::LowerTarget& target) {
  return Reader(graph, model, target).run();
}

}  // namespace lowtide::infer
