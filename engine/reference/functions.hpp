// SPDX-License-Identifier: Apache-2.0
// Every reference function, declared for the table. Each is defined in engine/reference/<op>.cpp.
#pragma once

#include "engine/reference/interpreter.hpp"

namespace lowtide::reference {

// clang-format off
void adam(const Operands&);
void add(const Operands&);
void affine(const Operands&);
void average_pool2d(const Operands&);
void average_pool2d_backward_input(const Operands&);
void batch_norm(const Operands&);
void batch_norm_backward(const Operands&);
void batch_norm_fold(const Operands&);
void bias(const Operands&);
void channel_dot(const Operands&);
void channel_sum(const Operands&);
void clip(const Operands&);
void clip_backward_input(const Operands&);
void concat(const Operands&);
void concat_backward_input(const Operands&);
void conv2d(const Operands&);
void conv2d_backward_input(const Operands&);
void conv2d_backward_weight(const Operands&);
void copy(const Operands&);
void correct_count(const Operands&);
void dot(const Operands&);
void dot_backward_input(const Operands&);
void draw_select(const Operands&);
void dropout(const Operands&);
void estimate(const Operands&);
void estimate_backward_input(const Operands&);
void fill(const Operands&);
void global_average_pool(const Operands&);
void global_average_pool_backward_input(const Operands&);
void gradient_norm(const Operands&);
void kl_divergence(const Operands&);
void kl_divergence_backward_input(const Operands&);
void linear(const Operands&);
void linear_backward_input(const Operands&);
void linear_backward_weight(const Operands&);
void max_pool2d(const Operands&);
void max_pool2d_backward_input(const Operands&);
void mse(const Operands&);
void mse_backward_input(const Operands&);
void pack(const Operands&);
void packed_conv2d(const Operands&);
void packed_linear(const Operands&);
void packed_max_pool2d(const Operands&);
void prelu(const Operands&);
void prelu_backward_input(const Operands&);
void prelu_backward_weight(const Operands&);
void quantize_activations(const Operands&);
void quantize_activations_backward_input(const Operands&);
void quantize_magnitude(const Operands&);
void quantize_magnitude_backward_input(const Operands&);
void quantize_sign(const Operands&);
void quantize_sign_backward_input(const Operands&);
void quantize_threshold(const Operands&);
void quantize_threshold_backward_input(const Operands&);
void quantize_threshold_maximum(const Operands&);
void quantize_threshold_scale(const Operands&);
void quantize_threshold_values(const Operands&);
void quantize_step(const Operands&);
void quantize_step_backward(const Operands&);
void quantize_step_bound(const Operands&);
void quantize_weights(const Operands&);
void quantize_weights_backward_input(const Operands&);
void relu(const Operands&);
void relu_backward_input(const Operands&);
void scale(const Operands&);
void sgd(const Operands&);
void softmax_cross_entropy(const Operands&);
void softmax_cross_entropy_backward_input(const Operands&);
void step_scale(const Operands&);
void tap_conv2d(const Operands&);
void tap_scale(const Operands&);
void tap_scale_backward_weight(const Operands&);
void unpack(const Operands&);
// clang-format on

}  // namespace lowtide::reference
