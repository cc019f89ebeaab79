// SPDX-License-Identifier: Apache-2.0
// The rewriting pass: one visit of every dynamic node, in order. For each value of the evaluation graph there may be an
// f32 twin in the packed graph, a twin of codes, or both; each is made when first needed.
#include "trainer/export/fold_and_pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "engine/graph/op_info.hpp"
#include "engine/model/packed_ops.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/residual_signs/residual_signs.hpp"
#include "engine/quant/fold.hpp"
#include "engine/quant/pack.hpp"
#include "trainer/export/analysis.hpp"

namespace lowtide::trainer {
namespace {

using graph::Graph;
using graph::Node;
using ops::PackedOutput;

bool is_fill(const ExportAnalysis& analysis, ValueId id) {
  return analysis.producer[id.index] != nullptr && analysis.producer[id.index]->op->name == "fill";
}

// Odd levels, the most common ones, go without a word.
const char* kind_text(quant::WeightKind kind) {
  if (kind == quant::WeightKind::odd_levels) return "";
  return kind == quant::WeightKind::shift ? "shift weights, " : "signed weights, ";
}

class Packer {
 public:
  Packer(const Graph& eval, const ReadStatic& read)
      : eval_(eval), read_(read), analysis_(eval), floats_(eval.values().size()), codes_(eval.values().size()) {}

  Result<PackedGraph> run(ValueId images, ValueId logits) {
    floats_[images.index] = out_.graph.input(std::string(model::kInputName), eval_.desc(images));
    plan_chains();
    for (const Node& node : eval_.nodes()) {
      if (analysis_.is_dynamic[node.out().index] && !absorbed_.contains(&node)) LOWTIDE_TRY_VOID(visit(node));
    }
    LOWTIDE_TRY(const ValueId output, float_of(logits));
    out_.graph.make_metric(output, std::string(model::kOutputName));
    return std::move(out_);
  }

 private:
  // Which quantisers fold into which convolution; their links are not visited on their own.
  void plan_chains() {
    for (const Node& node : eval_.nodes()) {
      if (!analysis_.is_quantizer(node) || !analysis_.is_dynamic[node.out().index]) continue;
      std::optional<FoldChain> chain = find_chain(eval_, analysis_, node);
      if (!chain || (!chain->pools_before.empty() && has_negative_multiplier(*chain))) continue;
      absorbed_.insert(chain->absorbed.begin(), chain->absorbed.end());
      chains_.emplace(&node, std::move(*chain));
    }
    for (const Node& node : eval_.nodes()) plan_affine(node);
    for (const Node& node : eval_.nodes()) plan_residual(node);
  }

  // An affine that alone reads the accumulators of a packed layer becomes that layer's output: both round its
  // multiplication and its addition on their own.
  void plan_affine(const Node& node) {
    const Node* root = node.op->name == "affine" ? analysis_.producer[node.in(0).index] : nullptr;
    if (root == nullptr || absorbed_.contains(&node) || absorbed_.contains(root)) return;
    if (!multiplies_levels(analysis_, *root) || root->op->name == "tap_conv2d") return;
    if (analysis_.is_dynamic[node.in(1).index] || analysis_.is_dynamic[node.in(2).index]) return;
    if (analysis_.readers[node.in(0).index] != 1 || eval_.value(node.in(0)).role != graph::Role::activation) return;
    absorbed_.insert(&node);
    affines_.emplace(root, &node);
  }

  // Signs of a clip of a sum that the clip alone reads: one op makes what the next shortcut and the next layer read.
  void plan_residual(const Node& node) {
    if (!analysis_.is_quantizer(node) || chains_.contains(&node)) return;
    if (analysis_.levels[node.out().index]->activation.kind != quant::ActivationKind::signs) return;
    const Node* clip = analysis_.producer[node.in(0).index];
    if (clip == nullptr || clip->op->name != "clip" || residuals_.contains(clip) || absorbed_.contains(clip)) return;
    const Node* sum = analysis_.producer[clip->in(0).index];
    if (sum == nullptr || sum->op->name != "add" || absorbed_.contains(sum)) return;
    if (analysis_.readers[sum->out().index] != 1 || eval_.value(sum->out()).role != graph::Role::activation) return;
    if (!analysis_.is_dynamic[sum->in(0).index] || !analysis_.is_dynamic[sum->in(1).index]) return;
    absorbed_.insert({sum, &node});
    residuals_.emplace(clip, &node);
  }

  Result<void> visit_residual(const Node& clip, const Node& quantizer) {
    const Node& sum = *analysis_.producer[clip.in(0).index];
    const auto bounds = clip.params<ops::ClipOpParams>();
    LOWTIDE_TRY(const ValueId a, float_of(sum.in(0)));
    LOWTIDE_TRY(const ValueId b, float_of(sum.in(1)));
    LOWTIDE_TRY(const ops::ResidualSigns made, ops::residual_signs(out_.graph, sum.name, a, b, {bounds.lo, bounds.hi}));
    floats_[clip.out().index] = made.y;
    codes_[quantizer.out().index] = made.codes;
    return {};
  }

  bool has_negative_multiplier(const FoldChain& chain) const {
    if (chain.affine == nullptr) return false;
    const std::vector<float> multiplier = read_(chain.affine->in(1));
    return std::any_of(multiplier.begin(), multiplier.end(), [](float m) { return !(m >= 0); });
  }

  Result<void> visit(const Node& node) {
    if (analysis_.is_quantizer(node)) return visit_quantizer(node);
    const auto residual = residuals_.find(&node);
    if (residual != residuals_.end()) return visit_residual(node, *residual->second);
    if (multiplies_levels(analysis_, node)) return visit_packed(node);
    const bool holds_levels = analysis_.levels[node.out().index].has_value();
    if (holds_levels && node.op->name == "max_pool2d" && codes_[node.in(0).index].is_valid()) {
      LOWTIDE_TRY(codes_[node.out().index],
                  pool_codes(node, codes_[node.in(0).index], analysis_.levels[node.out().index]->activation.kind));
      return {};
    }
    if (holds_levels && node.op->name == "reshape" && codes_[node.in(0).index].is_valid()) {
      codes_[node.out().index] = codes_[node.in(0).index];  // packed_linear reads [n, h, w, c] as it is
      return {};
    }
    return copy_node(node);
  }

  Result<void> copy_node(const Node& node) {
    if (!model::find_model_op(node.op->name, node.inputs.size())) {
      return fail(ErrorCode::unsupported,
                  fmt::format("'{}' is {}, which packed models do not hold; quantisers can be packed with 1 to 8 bits, "
                              "and steps and thresholds that do not depend on the image",
                              node.name, node.op->name));
    }
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) {
      LOWTIDE_TRY(const ValueId input, analysis_.is_dynamic[id.index] ? float_of(id) : constant_of(id));
      inputs.push_back(input);
    }
    LOWTIDE_TRY(const Node* copy,
                out_.graph.append(*node.op, node.name, node.param_storage.data(), node.param_bytes, inputs));
    for (size_t i = 0; i < node.outputs.size(); ++i) floats_[node.outputs[i].index] = copy->outputs[i];
    if (has_weights(node)) report_float(node);
    return {};
  }

  // A layer of real activations; its weights may be codes all the same.
  void report_float(const Node& node) {
    const WeightForm form = weight_form(eval_, analysis_, node, {});
    const uint64_t weights = eval_.desc(node.in(1)).element_count();
    const char* suffix = form.codes ? ", coded weights" : "";
    out_.layers.push_back({node.name, fmt::format("{} f32{}", node.op->name, suffix), form.bits, weights, form.bytes,
                           ceil_div(weights * form.bits, uint64_t{8})});
  }

  Result<void> visit_quantizer(const Node& node) {
    const Levels levels = *analysis_.levels[node.out().index];
    const auto chain = chains_.find(&node);
    if (chain != chains_.end()) {
      LOWTIDE_TRY(codes_[node.out().index], packed_with_thresholds(chain->second, levels));
      return {};
    }
    LOWTIDE_TRY(const ValueId x, float_of(node.in(0)));
    ValueId inverse_step;
    if (levels.inverse_step.is_valid()) {
      LOWTIDE_TRY(inverse_step, constant_of(levels.inverse_step));
    }
    const quant::ActivationQuantizer q = complete(levels);
    LOWTIDE_TRY(codes_[node.out().index],
                ops::pack(out_.graph, node.name, x, {q.kind, q.bits, q.rule, q.thresholds}, inverse_step));
    return {};
  }

  Result<void> visit_packed(const Node& node) {
    if (node.op->name == "tap_conv2d") {
      LOWTIDE_TRY(const ValueId scale, constant_of(node.in(2)));
      LOWTIDE_TRY(floats_[node.out().index], packed(node, PackedOutput::tap_scaled, {}, {scale}, "tap scales"));
      return {};
    }
    const auto affine = affines_.find(&node);
    if (affine == affines_.end()) {
      LOWTIDE_TRY(floats_[node.out().index], packed(node, PackedOutput::accumulator, {}, {}, "accumulators"));
      return {};
    }
    LOWTIDE_TRY(const ValueId multiplier, constant_of(affine->second->in(1)));
    LOWTIDE_TRY(const ValueId offset, constant_of(affine->second->in(2)));
    LOWTIDE_TRY(floats_[affine->second->out().index],
                packed(node, PackedOutput::affine, {}, {multiplier, offset}, "affine"));
    return {};
  }

  // The quantiser with the numbers that evaluation read.
  quant::ActivationQuantizer complete(const Levels& levels) const {
    quant::ActivationQuantizer out = levels.activation;
    if (levels.inverse_step.is_valid()) out.inverse_step = read_(levels.inverse_step).at(0);
    if (levels.thresholds.is_valid()) {
      const std::vector<float> thresholds = read_(levels.thresholds);
      LOWTIDE_CHECK(thresholds.size() <= out.thresholds.size(), "more thresholds than shift levels have");
      std::copy(thresholds.begin(), thresholds.end(), out.thresholds.begin());
    }
    return out;
  }

  // The convolution with what follows it folded into integer thresholds, then its pools on codes.
  Result<ValueId> packed_with_thresholds(const FoldChain& chain, const Levels& levels) {
    const Node& root = *chain.root;
    const uint32_t channels = eval_.desc(root.out()).shape.last();
    std::vector<quant::ChannelMap> maps(channels);
    std::vector<float> multiplier, offset;
    if (chain.affine != nullptr) {
      multiplier = read_(chain.affine->in(1));
      offset = read_(chain.affine->in(2));
    }
    const quant::ActivationQuantizer quantizer = complete(levels);
    for (uint32_t k = 0; k < channels; ++k) {
      maps[k].output_scale = output_scale(root);
      if (chain.affine != nullptr) {
        maps[k].multiplier = multiplier[k];
        maps[k].offset = offset[k];
      }
      maps[k].clip_lo = chain.clip_lo;
      maps[k].clip_hi = chain.clip_hi;
      maps[k].quantizer = quantizer;
    }
    const std::vector<int32_t> table = quant::fold_channels(maps);
    const TensorDesc desc = {DType::i32, Shape{quant::threshold_rows(quantizer.kind, quantizer.bits), channels}};
    const ValueId thresholds = constant(root.name + ".thresholds", desc, std::as_bytes(std::span(table)));
    LOWTIDE_TRY(ValueId y, packed(root, PackedOutput::codes, quantizer, {thresholds}, "thresholds"));
    for (const Node* pool : chain.pools_before) {
      LOWTIDE_TRY(y, pool_codes(*pool, y, quantizer.kind));
    }
    for (const Node* pool : chain.pools_after) {
      LOWTIDE_TRY(y, pool_codes(*pool, y, quantizer.kind));
    }
    return y;
  }

  static float output_scale(const Node& node) {
    return node.op->name == "linear" ? node.params<ops::LinearParams>().output_scale
                                     : node.params<ops::Conv2dParams>().output_scale;
  }

  // `quantizer`: of the output, where it is codes.
  Result<ValueId> packed(const Node& node, PackedOutput output, const quant::ActivationQuantizer& quantizer,
                         std::vector<ValueId> further, const char* form) {
    const ValueId x = codes_[node.in(0).index];
    LOWTIDE_CHECK(x.is_valid(), "levels without codes");
    const quant::ActivationKind activation = analysis_.levels[node.in(0).index]->activation.kind;
    const Levels& weight = *analysis_.levels[node.in(1).index];
    const Shape& shape = eval_.desc(node.in(1)).shape;
    const bool is_conv = node.op->name != "linear";
    const quant::PackedWeightExtents extents = *weight_form(eval_, analysis_, node, out_.graph.desc(x).shape).product;
    const std::vector<float> levels = read_(node.in(1));
    const std::vector<uint32_t> words = quant::pack_weights(levels, extents);
    const ValueId w = constant(node.name + ".weight", {DType::u32, extents.shape()}, std::as_bytes(std::span(words)));
    uint64_t further_bytes = 0;
    for (const ValueId id : further) further_bytes += out_.graph.desc(id).bytes();
    out_.layers.push_back(
        {node.name, fmt::format("packed_{}, {}{}", is_conv ? "conv2d" : "linear", kind_text(weight.weight), form),
         extents.bits, levels.size(), words.size() * 4 + further_bytes,
         ceil_div(uint64_t{levels.size()} * extents.bits, 8) + further_bytes});
    if (!is_conv) {
      return ops::packed_linear(out_.graph, node.name, x, w, std::move(further),
                                {.activation = activation,
                                 .weight = weight.weight,
                                 .weight_bits = extents.bits,
                                 .output_channels = extents.k,
                                 .output = output,
                                 .output_activation = quantizer.kind,
                                 .output_bits = quantizer.bits,
                                 .output_scale = output_scale(node)});
    }
    const auto p = node.params<ops::Conv2dParams>();
    return ops::packed_conv2d(out_.graph, node.name, x, w, std::move(further),
                              {.activation = activation,
                               .weight = weight.weight,
                               .weight_bits = extents.bits,
                               .output_channels = extents.k,
                               .output = output,
                               .output_activation = quantizer.kind,
                               .output_bits = quantizer.bits,
                               .output_scale = p.output_scale,
                               .kernel_h = shape[1],
                               .kernel_w = shape[2],
                               .stride_h = p.stride_h,
                               .stride_w = p.stride_w,
                               .pad_h = p.pad_h,
                               .pad_w = p.pad_w,
                               .dilation_h = p.dilation_h,
                               .dilation_w = p.dilation_w,
                               .groups = p.groups});
  }

  Result<ValueId> pool_codes(const Node& node, ValueId x, quant::ActivationKind kind) {
    const auto p = node.params<ops::Pool2dOpParams>();
    return ops::packed_max_pool2d(out_.graph, node.name, x,
                                  {p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.pad_h, p.pad_w, kind});
  }

  // The f32 twin of a dynamic value; levels are unpacked where something other than a packed op reads them.
  Result<ValueId> float_of(ValueId id) {
    ValueId& twin = floats_[id.index];
    if (!twin.is_valid()) {
      LOWTIDE_CHECK(codes_[id.index].is_valid(), fmt::format("'{}' was not visited", eval_.value(id).name));
      LOWTIDE_TRY(twin, ops::unpack(out_.graph, eval_.value(id).name + "/unpack", codes_[id.index],
                                    analysis_.levels[id.index]->activation.kind));
      const Shape& wanted = eval_.desc(id).shape;
      if (out_.graph.desc(twin).shape != wanted) {
        return fail(ErrorCode::unsupported,
                    fmt::format("'{}' would have to be unpacked behind a reshape", eval_.value(id).name));
      }
    }
    return twin;
  }

  // A fill (the zero channels of a shortcut) has the batch in its shape, so it stays a node; all else becomes a
  // constant.
  Result<ValueId> constant_of(ValueId id) {
    if (is_fill(analysis_, id)) {
      if (!floats_[id.index].is_valid()) {
        LOWTIDE_TRY_VOID(copy_node(*analysis_.producer[id.index]));
      }
      return floats_[id.index];
    }
    const std::string& name = eval_.value(id).name;
    const std::vector<float> elements = read_(id);
    const std::optional<quant::WeightCodes>& codes = analysis_.codes[id.index];
    if (!codes) return constant(name, eval_.desc(id), std::as_bytes(std::span(elements)));
    out_.coded.emplace(name, *codes);
    const std::vector<uint32_t> words = quant::encode_weights(elements, *codes);
    return constant(name, eval_.desc(id), std::as_bytes(std::span(words)));
  }

  // A constant of that name; made once.
  ValueId constant(const std::string& name, const TensorDesc& desc, std::span<const std::byte> bytes) {
    const ValueId existing = out_.graph.find(name);
    if (existing.is_valid()) return existing;
    out_.constants.emplace(name, std::vector<std::byte>(bytes.begin(), bytes.end()));
    return out_.graph.constant(name, desc);
  }

  const Graph& eval_;
  const ReadStatic& read_;
  ExportAnalysis analysis_;
  PackedGraph out_;
  std::vector<ValueId> floats_, codes_;  // by value of eval_
  std::map<const Node*, FoldChain> chains_;
  std::map<const Node*, const Node*> affines_;    // of packed layers
  std::map<const Node*, const Node*> residuals_;  // of clips: the quantiser behind
  std::set<const Node*> absorbed_;
};

}  // namespace

std::vector<ValueId> static_inputs(const Graph& eval) {
  const ExportAnalysis analysis(eval);
  std::set<ValueId> ids;
  for (const Node& node : eval.nodes()) {
    if (!analysis.is_dynamic[node.out().index]) continue;
    for (const ValueId id : node.inputs) {
      if (!analysis.is_dynamic[id.index] && !is_fill(analysis, id)) ids.insert(id);
    }
  }
  return {ids.begin(), ids.end()};
}

Result<PackedGraph> fold_and_pack(const Graph& eval, ValueId images, ValueId logits, const ReadStatic& read) {
  return Packer(eval, read).run(images, logits);
}

}  // namespace lowtide::trainer
