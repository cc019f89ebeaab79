// SPDX-License-Identifier: Apache-2.0
// The rows of `lowtide bench` that no multiply-adds limit: element-wise ops, quantisers, packing, losses, optimisers.
// Tensors are those of ResNet-18's first stage (batch 16) and of CNV's parameters.
#include <fmt/format.h>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/absolute/absolute.hpp"
#include "engine/ops/adam/adam.hpp"
#include "engine/ops/add/add.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/correct_count/correct_count.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/ops/gradient_norm/gradient_norm.hpp"
#include "engine/ops/kl_divergence/kl_divergence.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/sgd/sgd.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "tools/bench/op_bench.hpp"

namespace lowtide::bench {
namespace {

using graph::Graph;
using graph::NoParams;
using graph::Role;

const Shape kImages = {16, 56, 56, 64};
const Shape kWeights = {256, 3, 3, 256};
constexpr uint32_t kParameters = 1 << 20;

std::string name_of(const Shape& shape) {
  std::string name;
  for (uint32_t i = 0; i < shape.rank(); ++i) name += fmt::format("{}{}", i == 0 ? "" : "x", shape[i]);
  return name;
}

// A row of one node; constants are called like inputs, in order.
template <class Params>
void add_row(std::vector<OpBench>& out, const std::string& name, const graph::OpInfo& op, const Params& params,
             const std::vector<TensorDesc>& inputs) {
  out.push_back({.name = name, .build = [&op, params, inputs](Graph& g) -> Result<void> {
                   std::vector<ValueId> ids;
                   for (const TensorDesc& desc : inputs) {
                     const bool is_labels = desc.dtype == DType::u32 && desc.shape.rank() == 1;
                     ids.push_back(g.constant(is_labels ? "labels" : fmt::format("in{}", ids.size()), desc));
                   }
                   LOWTIDE_TRY_VOID(append_one(g, op, "op", params, std::move(ids)));
                   return {};
                 }});
}

void add_element_wise_rows(std::vector<OpBench>& out) {
  const TensorDesc x = f32_desc(kImages);
  const std::string images = name_of(kImages);
  add_row(out, "relu/" + images, ops::kReluOp, NoParams{}, {x});
  add_row(out, "relu_backward_input/" + images, ops::kReluBackwardOp, NoParams{}, {x, x});
  add_row(out, "absolute/" + images, ops::kAbsoluteOp, NoParams{}, {x});
  add_row(out, "absolute_backward_input/" + images, ops::kAbsoluteBackwardOp, NoParams{}, {x, x});
  add_row(out, "clip/" + images, ops::kClipOp, ops::ClipOpParams{-0.5f, 0.5f}, {x});
  add_row(out, "clip_backward_input/" + images, ops::kClipBackwardOp, ops::ClipOpParams{-0.5f, 0.5f}, {x, x});
  add_row(out, "add/" + images, ops::kAddOp, NoParams{}, {x, x});
}

void add_quantizer_rows(std::vector<OpBench>& out) {
  const TensorDesc x = f32_desc(kImages), w = f32_desc(kWeights), one = f32_desc(Shape{});
  const std::string images = name_of(kImages), weights = name_of(kWeights);
  const ops::QuantizeActivationsOpParams activations = {.bits = 2};
  add_row(out, "quantize_activations/" + images + "/2_bits", ops::kQuantizeActivationsOp, activations, {x});
  add_row(out, "quantize_activations_backward_input/" + images + "/2_bits", ops::kQuantizeActivationsBackwardInputOp,
          activations, {x, x});
  const ops::QuantizeSignOpParams signs;
  add_row(out, "quantize_sign/" + images, ops::kQuantizeSignOp, signs, {x});
  add_row(out, "quantize_sign_backward_input/" + images, ops::kQuantizeSignBackwardInputOp, signs, {x, x});
  const ops::QuantizeMagnitudeOpParams maximum, mean = {.magnitude = ops::Magnitude::mean, .per_channel = 1};
  add_row(out, "quantize_magnitude/" + weights + "/max", ops::kQuantizeMagnitudeOp, maximum, {w});
  add_row(out, "quantize_magnitude/" + weights + "/mean_channel", ops::kQuantizeMagnitudeOp, mean, {w});
  const ops::QuantizeWeightsOpParams attached, detached = {.detach_maximum = 1};
  add_row(out, "quantize_weights/" + weights + "/2_bits", ops::kQuantizeWeightsOp, attached, {w, one});
  add_row(out, "quantize_weights_backward_input/" + weights + "/attached", ops::kQuantizeWeightsBackwardInputOp,
          attached, {w, one, w});
  add_row(out, "quantize_weights_backward_input/" + weights + "/detached", ops::kQuantizeWeightsBackwardInputOp,
          detached, {w, one, w});
  for (const uint32_t bits : {1u, 2u, 4u}) {
    add_row(out, fmt::format("pack/{}/{}_bits", images, bits), ops::kPackOp, ops::PackOpParams{.bits = bits}, {x});
    add_row(out, fmt::format("unpack/{}/{}_bits", images, bits), ops::kUnpackOp, ops::UnpackOpParams{},
            {{packed_dtype(bits), kImages}});
  }
}

void add_loss_rows(std::vector<OpBench>& out) {
  const TensorDesc one = f32_desc(Shape{});
  for (const Shape& shape : {Shape{128, 10}, Shape{128, 100}, Shape{128, 1000}}) {
    const std::string name = name_of(shape);
    const TensorDesc logits = f32_desc(shape), labels = {DType::u32, Shape{shape[0]}};
    add_row(out, "softmax_cross_entropy/" + name, ops::kSoftmaxCrossEntropyOp, ops::SoftmaxCrossEntropyParams{},
            {logits, labels});
    add_row(out, "softmax_cross_entropy_backward_input/" + name, ops::kSoftmaxCrossEntropyBackwardOp,
            ops::SoftmaxCrossEntropyParams{}, {logits, labels, one});
    add_row(out, "kl_divergence/" + name, ops::kKlDivergenceOp, ops::KlDivergenceParams{}, {logits, logits});
    add_row(out, "kl_divergence_backward_input/" + name, ops::kKlDivergenceBackwardOp, ops::KlDivergenceParams{},
            {logits, logits, one});
    // Of random logits over many classes none is at its label: a count of zero, which no row may give.
    if (shape[1] <= kLabels) add_row(out, "correct_count/" + name, ops::kCorrectCountOp, NoParams{}, {logits, labels});
  }
  const TensorDesc x = f32_desc(kImages);
  const std::string images = name_of(kImages);
  add_row(out, "mse/" + images, ops::kMseOp, NoParams{}, {x, x});
  add_row(out, "mse_backward_input/" + images, ops::kMseBackwardOp, NoParams{}, {x, x, one});
  add_row(out, "dot/" + images, ops::kDotOp, ops::DotOpParams{}, {x, x});
  add_row(out, "dot_backward_input/" + images, ops::kDotBackwardOp, ops::DotOpParams{}, {x, one});
}

// A graph of one parameter with its gradient and moments.
ops::OptimizerInputs parameter_inputs(Graph& g, uint32_t moments) {
  const ValueId w = g.parameter("w", Shape{kParameters});
  g.mirror(w, Role::gradient);
  g.mirror(w, Role::moment0);
  if (moments > 1) g.mirror(w, Role::moment1);
  return {.attributes = ops::block_attributes(g), .block_count = graph::parameter_block_count(g)};
}

void add_optimizer_rows(std::vector<OpBench>& out) {
  out.push_back({.name = fmt::format("gradient_norm/{}", kParameters), .build = [](Graph& g) -> Result<void> {
                   parameter_inputs(g, 1);
                   LOWTIDE_TRY_VOID(ops::gradient_norm(g, "op", {1.0f, 0, graph::parameter_block_count(g)}));
                   return {};
                 }});
  out.push_back({.name = fmt::format("sgd/{}", kParameters), .build = [](Graph& g) -> Result<void> {
                   return ops::sgd(g, "op", parameter_inputs(g, 1), 0.9f, false);
                 }});
  out.push_back({.name = fmt::format("adam/{}", kParameters),
                 .build = [](Graph& g) -> Result<void> { return ops::adam(g, "op", parameter_inputs(g, 2), {}); }});
}

}  // namespace

void add_small_op_benches(std::vector<OpBench>& out) {
  add_element_wise_rows(out);
  add_quantizer_rows(out);
  add_loss_rows(out);
  add_optimizer_rows(out);
}

}  // namespace lowtide::bench
