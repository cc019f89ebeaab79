// SPDX-License-Identifier: Apache-2.0
// Op name -> reference function, sorted by name (a host test checks that every op is here).
#include <string_view>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

struct Row {
  std::string_view op;
  Function function;
};

constexpr Row kRows[] = {
    // clang-format off
    {"absolute", absolute},
    {"absolute_backward_input", absolute_backward_input},
    {"adam", adam},
    {"add", add},
    {"affine", affine},
    {"average_pool2d", average_pool2d},
    {"average_pool2d_backward_input", average_pool2d_backward_input},
    {"batch_norm", batch_norm},
    {"batch_norm_activation", batch_norm_activation},
    {"batch_norm_activation_backward", batch_norm_activation_backward},
    {"batch_norm_backward", batch_norm_backward},
    {"batch_norm_fold", batch_norm_fold},
    {"batch_norm_running", batch_norm_running},
    {"batch_norm_running_group", batch_norm_running_group},
    {"bias", bias},
    {"channel_dot", channel_dot},
    {"channel_sum", channel_sum},
    {"clip", clip},
    {"clip_backward_input", clip_backward_input},
    {"concat", concat},
    {"concat_backward_input", concat_backward_input},
    {"conv2d", conv2d},
    {"conv2d_affine", conv2d_affine},
    {"conv2d_backward_input", conv2d_backward_input},
    {"conv2d_backward_weight", conv2d_backward_weight},
    {"copy", copy},
    {"correct_count", correct_count},
    {"deepshift_ps", deepshift_ps},
    {"deepshift_ps_backward_input", deepshift_ps_backward_input},
    {"deepshift_q", deepshift_q},
    {"deepshift_q_backward_input", deepshift_q_backward_input},
    {"dot", dot},
    {"dot_backward_input", dot_backward_input},
    {"draw_select", draw_select},
    {"dropout", dropout},
    {"estimate", estimate},
    {"estimate_backward_input", estimate_backward_input},
    {"fill", fill},
    {"finite_gate", finite_gate},
    {"global_average_pool", global_average_pool},
    {"global_average_pool_backward_input", global_average_pool_backward_input},
    {"gradient_norm", gradient_norm},
    {"kl_divergence", kl_divergence},
    {"kl_divergence_backward_input", kl_divergence_backward_input},
    {"linear", linear},
    {"linear_backward_input", linear_backward_input},
    {"linear_backward_weight", linear_backward_weight},
    {"loss_scale", loss_scale},
    {"max_pool2d", max_pool2d},
    {"max_pool2d_backward_input", max_pool2d_backward_input},
    {"mse", mse},
    {"mse_backward_input", mse_backward_input},
    {"normalize_pixels", normalize_pixels},
    {"pack", pack},
    {"packed_conv2d", packed_conv2d},
    {"packed_conv2d_residual", packed_conv2d_residual},
    {"packed_linear", packed_linear},
    {"packed_max_pool2d", packed_max_pool2d},
    {"packed_pixels", packed_pixels},
    {"place_images", place_images},
    {"pooled_signs", pooled_signs},
    {"prelu", prelu},
    {"prelu_backward_input", prelu_backward_input},
    {"prelu_backward_weight", prelu_backward_weight},
    {"quantize_activations", quantize_activations},
    {"quantize_activations_backward_input", quantize_activations_backward_input},
    {"quantize_magnitude", quantize_magnitude},
    {"quantize_magnitude_backward_input", quantize_magnitude_backward_input},
    {"quantize_magnitude_detached", quantize_magnitude},
    {"quantize_sign", quantize_sign},
    {"quantize_sign_backward_input", quantize_sign_backward_input},
    {"quantize_step", quantize_step},
    {"quantize_step_backward", quantize_step_backward},
    {"quantize_step_bound", quantize_step_bound},
    {"quantize_threshold", quantize_threshold},
    {"quantize_threshold_backward_input", quantize_threshold_backward_input},
    {"quantize_threshold_maximum", quantize_threshold_maximum},
    {"quantize_threshold_scale", quantize_threshold_scale},
    {"quantize_threshold_values", quantize_threshold_values},
    {"quantize_weight_group", quantize_weight_group},
    {"quantize_weight_group_backward_input", quantize_weight_group_backward_input},
    {"quantize_weights", quantize_weights},
    {"quantize_weights_backward_input", quantize_weights_backward_input},
    {"radam", radam},
    {"relu", relu},
    {"relu_backward_input", relu_backward_input},
    {"residual_signs", residual_signs},
    {"scale", scale},
    {"sgd", sgd},
    {"softmax_cross_entropy", softmax_cross_entropy},
    {"softmax_cross_entropy_backward_input", softmax_cross_entropy_backward_input},
    {"sparse_shift", sparse_shift},
    {"sparse_shift_backward_input", sparse_shift_backward_input},
    {"step_scale", step_scale},
    {"tap_conv2d", tap_conv2d},
    {"tap_scale", tap_scale},
    {"tap_scale_backward_weight", tap_scale_backward_weight},
    {"unpack", unpack},
    // clang-format on
};

}  // namespace

Function find_function(std::string_view op_name) {
  for (const Row& row : kRows) {
    if (row.op == op_name) return row.function;
  }
  return nullptr;
}

}  // namespace lowtide::reference
