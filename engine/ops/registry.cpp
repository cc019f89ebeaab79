// SPDX-License-Identifier: Apache-2.0
// The table of ops, sorted by name (a host test checks it).
#include "engine/ops/registry.hpp"

#include <algorithm>
#include <iterator>

#include "engine/ops/absolute/absolute.hpp"
#include "engine/ops/adam/adam.hpp"
#include "engine/ops/add/add.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/batch_norm/activation.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/batch_norm/running_group.hpp"
#include "engine/ops/bias/bias.hpp"
#include "engine/ops/channel_dot/channel_dot.hpp"
#include "engine/ops/channel_sum/channel_sum.hpp"
#include "engine/ops/clip/clip.hpp"
#include "engine/ops/concat/concat.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/copy/copy.hpp"
#include "engine/ops/correct_count/correct_count.hpp"
#include "engine/ops/deepshift/deepshift.hpp"
#include "engine/ops/detach/detach.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/ops/draw_select/draw_select.hpp"
#include "engine/ops/dropout/dropout.hpp"
#include "engine/ops/estimate/estimate.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/finite_gate/finite_gate.hpp"
#include "engine/ops/global_average_pool/global_average_pool.hpp"
#include "engine/ops/gradient_norm/gradient_norm.hpp"
#include "engine/ops/kl_divergence/kl_divergence.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/loss_scale/loss_scale.hpp"
#include "engine/ops/mse/mse.hpp"
#include "engine/ops/normalize_pixels/normalize_pixels.hpp"
#include "engine/ops/pack/pack.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/packed_linear/packed_linear.hpp"
#include "engine/ops/packed_pixels/packed_pixels.hpp"
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"
#include "engine/ops/place_images/place_images.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/pooled_signs/pooled_signs.hpp"
#include "engine/ops/prelu/prelu.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize/weight_group.hpp"
#include "engine/ops/quantize_step/quantize_step.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/ops/radam/radam.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/residual_signs/residual_signs.hpp"
#include "engine/ops/scale/scale.hpp"
#include "engine/ops/sgd/sgd.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "engine/ops/sparse_shift/sparse_shift.hpp"
#include "engine/ops/step_scale/step_scale.hpp"
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"
#include "engine/ops/tap_scale/tap_scale.hpp"

namespace lowtide::ops {
namespace {

constexpr const graph::OpInfo* kOps[] = {
    // clang-format off
    &kAbsoluteOp,
    &kAbsoluteBackwardOp,
    &kAdamOp,
    &kAddOp,
    &kAffineOp,
    &kAveragePool2dOp,
    &kAveragePool2dBackwardOp,
    &kBatchNormOp,
    &kBatchNormActivationOp,
    &kBatchNormActivationBackwardOp,
    &kBatchNormBackwardOp,
    &kBatchNormFoldOp,
    &kBatchNormRunningOp,
    &kBatchNormRunningGroupOp,
    &kBiasOp,
    &kChannelDotOp,
    &kChannelSumOp,
    &kClipOp,
    &kClipBackwardOp,
    &kConcatOp,
    &kConcatBackwardOp,
    &kConv2dOp,
    &kConv2dAffineOp,
    &kConv2dBackwardInputOp,
    &kConv2dBackwardWeightOp,
    &kCopyOp,
    &kCorrectCountOp,
    &kDeepshiftPsOp,
    &kDeepshiftPsBackwardInputOp,
    &kDeepshiftQOp,
    &kDeepshiftQBackwardInputOp,
    &kDetachOp,
    &kDotOp,
    &kDotBackwardOp,
    &kDrawSelectOp,
    &kDropoutOp,
    &kEstimateOp,
    &kEstimateBackwardInputOp,
    &kFillOp,
    &kFiniteGateOp,
    &kGlobalAveragePoolOp,
    &kGlobalAveragePoolBackwardOp,
    &kGradientNormOp,
    &kKlDivergenceOp,
    &kKlDivergenceBackwardOp,
    &kLinearOp,
    &kLinearBackwardInputOp,
    &kLinearBackwardWeightOp,
    &kLossScaleOp,
    &kMaxPool2dOp,
    &kMaxPool2dBackwardOp,
    &kMseOp,
    &kMseBackwardOp,
    &kNormalizePixelsOp,
    &kPackOp,
    &kPackedConv2dOp,
    &kPackedConv2dResidualOp,
    &kPackedLinearOp,
    &kPackedMaxPool2dOp,
    &kPackedPixelsOp,
    &kPlaceImagesOp,
    &kPooledSignsOp,
    &kPreluOp,
    &kPreluBackwardInputOp,
    &kPreluBackwardWeightOp,
    &kQuantizeActivationsOp,
    &kQuantizeActivationsBackwardInputOp,
    &kQuantizeMagnitudeOp,
    &kQuantizeMagnitudeBackwardInputOp,
    &kQuantizeMagnitudeDetachedOp,
    &kQuantizeSignOp,
    &kQuantizeSignBackwardInputOp,
    &kQuantizeStepOp,
    &kQuantizeStepBackwardOp,
    &kQuantizeStepBoundOp,
    &kQuantizeThresholdOp,
    &kQuantizeThresholdBackwardInputOp,
    &kQuantizeThresholdMaximumOp,
    &kQuantizeThresholdScaleOp,
    &kQuantizeThresholdValuesOp,
    &kQuantizeWeightGroupOp,
    &kQuantizeWeightGroupBackwardInputOp,
    &kQuantizeWeightsOp,
    &kQuantizeWeightsBackwardInputOp,
    &kRadamOp,
    &kReluOp,
    &kReluBackwardOp,
    &kReshapeOp,
    &kResidualSignsOp,
    &kScaleOp,
    &kSgdOp,
    &kSoftmaxCrossEntropyOp,
    &kSoftmaxCrossEntropyBackwardOp,
    &kSparseShiftOp,
    &kSparseShiftBackwardInputOp,
    &kStepScaleOp,
    &kTapConv2dOp,
    &kTapScaleOp,
    &kTapScaleBackwardWeightOp,
    &kUnpackOp,
    // clang-format on
};

}  // namespace

std::span<const graph::OpInfo* const> all_ops() {
  return kOps;
}

const graph::OpInfo* find_op(std::string_view name) {
  const auto it = std::find_if(std::begin(kOps), std::end(kOps), [&](const auto* op) { return op->name == name; });
  return it == std::end(kOps) ? nullptr : *it;
}

}  // namespace lowtide::ops
