// SPDX-License-Identifier: Apache-2.0
// One walk over the nodes in order, as in fuse_epilogues.cpp.
#include "engine/infer/read_pixels.hpp"

#include <string>

#include "engine/ops/normalize_pixels/normalize_pixels.hpp"

namespace lowtide::infer {
namespace {

using graph::Graph;
using graph::Node;
using graph::Role;

class Reader {
 public:
  Reader(const Graph& graph, const model::PackedModel& model)
      : graph_(graph), model_(model), images_(graph.find(model::kInputName)), new_ids_(graph.values().size()) {}

  Result<PixelGraph> run() {
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::input) new_ids_[i] = out_.graph.input(value.name, {DType::u8, value.desc.shape});
      if (value.role == Role::constant) new_ids_[i] = out_.graph.constant(value.name, value.desc);
    }
    for (const Node& node : graph_.nodes()) LOWTIDE_TRY_VOID(copy(node));
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const graph::Value& value = graph_.values()[i];
      if (value.role == Role::metric) out_.graph.make_metric(new_ids_[i], value.name);
    }
    return std::move(out_);
  }

 private:
  Result<void> copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) {
      if (id == images_) LOWTIDE_TRY_VOID(normalize());
      inputs.push_back(id == images_ ? normalized_ : new_ids_[id.index]);
    }
    LOWTIDE_TRY(const Node* made,
                out_.graph.append(*node.op, node.name, node.param_storage.data(), node.param_bytes, std::move(inputs)));
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
      table_ =
          make_constant("table", Shape{model_.info().channels, ops::kPixelValues}, make_pixel_table(model_.info()));
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
  PixelGraph out_;
  ValueId images_;
  ValueId normalized_, table_;    // of out_
  std::vector<ValueId> new_ids_;  // by value of graph_
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

Result<PixelGraph> read_pixels(const Graph& graph, const model::PackedModel& model) {
  return Reader(graph, model).run();
}

}  // namespace lowtide::infer
