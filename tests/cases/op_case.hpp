// SPDX-License-Identifier: Apache-2.0
// OpCase: one op on one shape, as data. The same tables serve the finite-difference test of the reference (host), the
// comparison of device and reference, forward and backward, naive and tuned (device), and the benches.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/graph/graph.hpp"
#include "shaders/lib/step_block.h"

namespace lowtide::cases {

// How an input's elements are drawn.
struct Distribution {
  enum class Kind { uniform, normal, integers, distinct, given } kind = Kind::uniform;
  double lo =
      -1;  // uniform [lo, hi); normal: mean lo, deviation hi; integers: every integer lo, lo + step, .. hi alike
  double hi = 1;
  double step = 1;
  // distinct: a shuffled arithmetic sequence over [lo, hi], no two elements nearer than its spacing (for max pooling).
  // Elements nearer than `margin` to a kink are moved away from it, so that finite differences are defined.
  std::vector<double> kinks = {};
  double margin = 0.05;
  std::vector<double> elements = {};  // given: the elements themselves
};

inline Distribution uniform(double lo, double hi, std::vector<double> kinks = {}) {
  return {.kind = Distribution::Kind::uniform, .lo = lo, .hi = hi, .kinks = std::move(kinks)};
}
inline Distribution normal(double mean, double deviation) {
  return {.kind = Distribution::Kind::normal, .lo = mean, .hi = deviation};
}
inline Distribution integers(double lo, double hi, double step = 1) {
  return {.kind = Distribution::Kind::integers, .lo = lo, .hi = hi, .step = step};
}
inline Distribution distinct(double lo, double hi) {
  return {.kind = Distribution::Kind::distinct, .lo = lo, .hi = hi};
}
inline Distribution given(std::vector<double> elements) {
  return {.kind = Distribution::Kind::given, .elements = std::move(elements)};
}

struct CaseInput {
  ValueId id;
  Distribution distribution = {};
  bool is_differentiable = true;  // false for labels, targets, state, and inputs of ops without a gradient
};

struct CaseGraph {
  std::vector<CaseInput> inputs;  // every value without a producer that the op reads, but the step block
  std::vector<ValueId> outputs;   // activations (or updated persistent values) to compare
  std::function<void(shaders::StepBlock&)> change_step = {};  // what differs from the tests' step block
};

struct OpCase {
  std::string name;  // "<op>/<variant or shape>": typed back verbatim as a test filter
  std::function<Result<CaseGraph>(graph::Graph&)> build;
  bool check_gradient = true;      // finite differences (host) and backward comparison (device)
  bool outputs_are_exact = false;  // integers and packed values: device must equal the reference exactly
  double tolerance = 1e-5;  // err_power <= tolerance^2 * ref_power, and max error <= 16 * tolerance * max |reference|
  // Finite differences of a straight-through rule run on another graph, the surrogate whose derivative it is; empty:
  // the op itself.
  std::function<Result<CaseGraph>(graph::Graph&)> build_surrogate = {};
};

// GoogleTest prints a case by its name.
inline void PrintTo(const OpCase& op_case, std::ostream* out) {
  *out << op_case.name;
}

// Every table, in order of op name. Each op adds its function here and defines it in tests/cases/<op>.cpp.
std::vector<OpCase> all_cases();

std::vector<OpCase> absolute_cases();
std::vector<OpCase> adam_cases();
std::vector<OpCase> add_cases();
std::vector<OpCase> affine_cases();
std::vector<OpCase> batch_norm_activation_cases();
std::vector<OpCase> batch_norm_cases();
std::vector<OpCase> bias_cases();
std::vector<OpCase> channel_dot_cases();
std::vector<OpCase> channel_sum_cases();
std::vector<OpCase> clip_cases();
std::vector<OpCase> concat_cases();
std::vector<OpCase> conv2d_cases();
std::vector<OpCase> copy_cases();
std::vector<OpCase> correct_count_cases();
std::vector<OpCase> deepshift_cases();
std::vector<OpCase> detach_cases();
std::vector<OpCase> dot_cases();
std::vector<OpCase> draw_select_cases();
std::vector<OpCase> dropout_cases();
std::vector<OpCase> estimate_cases();
std::vector<OpCase> fill_cases();
std::vector<OpCase> finite_gate_cases();
std::vector<OpCase> global_average_pool_cases();
std::vector<OpCase> gradient_norm_cases();
std::vector<OpCase> kl_divergence_cases();
std::vector<OpCase> linear_cases();
std::vector<OpCase> loss_scale_cases();
std::vector<OpCase> mse_cases();
std::vector<OpCase> normalize_pixels_cases();
std::vector<OpCase> pack_cases();
std::vector<OpCase> packed_cases();
std::vector<OpCase> packed_pixels_cases();
std::vector<OpCase> packed_residual_cases();
std::vector<OpCase> pool2d_cases();
std::vector<OpCase> place_images_cases();
std::vector<OpCase> pooled_signs_cases();
std::vector<OpCase> prelu_cases();
std::vector<OpCase> quantize_cases();
std::vector<OpCase> quantize_threshold_cases();
std::vector<OpCase> quantize_step_cases();
std::vector<OpCase> radam_cases();
std::vector<OpCase> relu_cases();
std::vector<OpCase> reshape_cases();
std::vector<OpCase> residual_signs_cases();
std::vector<OpCase> scale_cases();
std::vector<OpCase> sgd_cases();
std::vector<OpCase> softmax_cross_entropy_cases();
std::vector<OpCase> sparse_shift_cases();
std::vector<OpCase> step_scale_cases();
std::vector<OpCase> tap_conv2d_cases();
std::vector<OpCase> tap_scale_cases();

}  // namespace lowtide::cases
