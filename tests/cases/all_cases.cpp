// SPDX-License-Identifier: Apache-2.0
// All tables in one list.
#include <iterator>

#include "tests/cases/op_case.hpp"

namespace lowtide::cases {

namespace {

constexpr std::vector<OpCase> (*kTables[])() = {
    // clang-format off
    absolute_cases,
    adam_cases,
    add_cases,
    affine_cases,
    batch_norm_activation_cases,
    batch_norm_cases,
    bias_cases,
    channel_dot_cases,
    channel_sum_cases,
    clip_cases,
    concat_cases,
    conv2d_cases,
    copy_cases,
    correct_count_cases,
    deepshift_cases,
    detach_cases,
    dot_cases,
    draw_select_cases,
    dropout_cases,
    estimate_cases,
    fill_cases,
    finite_gate_cases,
    global_average_pool_cases,
    gradient_norm_cases,
    kl_divergence_cases,
    linear_cases,
    loss_scale_cases,
    mse_cases,
    normalize_pixels_cases,
    pack_cases,
    packed_cases,
    packed_pixels_cases,
    packed_residual_cases,
    pool2d_cases,
    place_images_cases,
    pooled_signs_cases,
    prelu_cases,
    quantize_cases,
    quantize_threshold_cases,
    quantize_step_cases,
    radam_cases,
    relu_cases,
    reshape_cases,
    residual_signs_cases,
    scale_cases,
    sgd_cases,
    softmax_cross_entropy_cases,
    sparse_shift_cases,
    step_scale_cases,
    tap_conv2d_cases,
    tap_scale_cases,
    // clang-format on
};

}  // namespace

std::vector<OpCase> all_cases() {
  std::vector<OpCase> all;
  for (const auto table : kTables) {
    std::vector<OpCase> cases = table();
    std::move(cases.begin(), cases.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace lowtide::cases
